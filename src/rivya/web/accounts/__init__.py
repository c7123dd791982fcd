"""Sign-up, sign-in, and what a person sets about their account."""
