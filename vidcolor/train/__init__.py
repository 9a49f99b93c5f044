"""Training: pictures in, a checkpoint out."""
