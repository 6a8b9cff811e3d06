"""Differences from the paper, each in a file of its own; a preset adds them."""
