"""What people run: the command ``llm-ar`` and the demonstration."""
