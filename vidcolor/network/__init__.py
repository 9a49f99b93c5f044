"""The generator, its encoders and its checkpoints. Knows torch, and no media."""
