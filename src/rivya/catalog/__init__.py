"""What models there are, what they accept and what they cost: data in ``models/*.toml``, one file a model."""
