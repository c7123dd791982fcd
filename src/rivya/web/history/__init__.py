"""What an account made and said, through the API and in the Studio."""
