"""Pictures of known colour: what age does to them, and how far a colouring is from them."""
