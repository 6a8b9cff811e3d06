"""Names that were not trained."""
