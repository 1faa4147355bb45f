"""`credit ...`: the commands that people type.

Here: one file a command or group, thin: read arguments, call a client, print. Keep out:
anything that another room could do; Dagster is reached through its GraphQL client alone.
"""
