"""The one error that is for whoever runs Rivya."""

from __future__ import annotations


class OperatorError(Exception):
    """Something that only the operator can put right; the text says what. Commands say it in a line, exit 1."""
