"""Sequences to action sentences: the action-based VQ-VAE with a hyperbolic codebook."""
