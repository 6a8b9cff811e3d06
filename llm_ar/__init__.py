"""LLM-AR: a large language model as a skeleton-based action recogniser."""

__version__ = "0.1.0"
