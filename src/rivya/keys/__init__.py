"""API keys: issue, authenticate, revoke."""
