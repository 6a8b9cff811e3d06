"""What each shipped model answers: sentences and names of a few clips, kept as JSON."""
