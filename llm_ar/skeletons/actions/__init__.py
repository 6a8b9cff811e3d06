"""Names of actions: which mean the same movement, which are less precise, and which are sides."""
