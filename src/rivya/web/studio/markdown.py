"""A model's Markdown as HTML that may be shown: whatever a model writes, only these tags come out.

HTML in the text is shown as text, links of dangerous kinds are not links (markdown-it's own rule), and pictures are
links: what a model says must not make a reader's browser call anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from rivya.web.studio.pieces import html_of

_MOST = 100_000
"""Characters. Longer texts are shown as they are: nobody's answer may keep the process busy."""

_MOST_LANGUAGE = 30
_MESSAGE_LEVEL, _LAST_LEVEL = 2, 6


class _Renderer(RendererHTML):
    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("rel", "nofollow noopener noreferrer")
        tokens[idx].attrSet("target", "_blank")
        return self.renderToken(tokens, idx, options, env)

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        words = tokens[idx].info.split()
        return _code(tokens[idx].content, words[0][:_MOST_LANGUAGE] if words else "")

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _code(tokens[idx].content, "")

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="studio-table" tabindex="0" role="region" aria-label="Table"><table>'

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _cell(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _cell(tokens[idx])

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>"


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer)
_MARKDOWN.enable(["table", "strikethrough"]).disable("image")


def rendered(text: str) -> Markup:
    """Return a model's text as HTML."""
    if len(text) > _MOST:
        return Markup(f'<p class="studio-plain">{escape(text)}</p>')  # noqa: S704 - escaped
    tokens = _MARKDOWN.parse(text)
    _outline(tokens)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - html is off


def _cell(token: Token) -> str:
    # Pages allow no style attributes; a column is to the left, or else it is one of numbers.
    return (
        f"<{token.tag}>" if token.attrGet("style") in (None, "text-align:left") else f'<{token.tag} class="is-right">'
    )


def _outline(tokens: Sequence[Token]) -> None:
    """Put the headings below that of the message, which is of the second level, without leaving a level out."""
    above = _MESSAGE_LEVEL
    for token in tokens:
        if token.type == "heading_open":
            above = min(int(token.tag[1]) + _MESSAGE_LEVEL, above + 1, _LAST_LEVEL)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{above}"


def _code(content: str, language: str) -> str:
    return html_of("studio/code.html", code=content, language=language or "text")
