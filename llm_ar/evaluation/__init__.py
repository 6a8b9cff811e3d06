"""Step 4: how often, how surely and where a recognizer is right."""
