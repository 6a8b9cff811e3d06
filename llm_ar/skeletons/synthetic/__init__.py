"""Procedural clips that need no download."""
