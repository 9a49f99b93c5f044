"""Backends that run a network: batches of small luma and hints in, chroma and confidence out."""
