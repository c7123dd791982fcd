"""Wire protocols that several vendors speak."""
