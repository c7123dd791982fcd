"""/dashboard: how an account stands, at a glance."""
