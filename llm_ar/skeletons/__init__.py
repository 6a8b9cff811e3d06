"""Recordings to clean clips: layouts, readers, protocols, views and the dataset on disk (numpy)."""
