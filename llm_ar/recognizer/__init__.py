"""Action sentences to the actions' names, by a language model with an adapter."""
