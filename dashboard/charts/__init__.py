"""Pictures: frames in, Altair charts out; a module a tab. They compute no figure of their own."""
