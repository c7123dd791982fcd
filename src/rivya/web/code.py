"""Code as HTML: spans with the short class names that static/css/components.css colours, no style attributes."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]
from pygments.util import ClassNotFound

_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)


@lru_cache(maxsize=512)
def highlight(code: str, language: str = "text") -> Markup:
    """Return code as HTML, escaped and coloured; in a language that is not known, as plain text."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False, ensurenl=False)
    return Markup(pygments_highlight(code.rstrip("\n"), lexer, _FORMATTER))  # noqa: S704 - Pygments escapes what it is given
