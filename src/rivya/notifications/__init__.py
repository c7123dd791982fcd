"""What an account is told without asking: of its credits, its generations and its billing."""
