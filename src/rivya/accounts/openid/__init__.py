"""Signing in by somebody else's word: OpenID Connect issuers, and GitHub. docs/adr/0020-sign-in-by-others.md."""
