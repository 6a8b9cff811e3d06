"""Many recordings to one dataset on disk."""
