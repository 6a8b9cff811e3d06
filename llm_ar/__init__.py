"""LLM-AR: a large language model as a skeleton-based action recognizer."""

__version__ = "0.1.0"
