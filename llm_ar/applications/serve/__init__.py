"""``llm-ar serve``: an HTTP interface with batching, limits and a page to look at recordings."""
