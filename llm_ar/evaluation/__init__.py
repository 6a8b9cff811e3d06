"""Step 4: how often, how surely and where a recogniser is right."""
