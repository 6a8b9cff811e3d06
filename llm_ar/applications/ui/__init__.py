"""What the commands share: the terminal, options, loading."""
