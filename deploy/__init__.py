"""How the platform is deployed: configuration in files, and the few that are made from code."""
