"""Research: what each part of the method is worth."""
