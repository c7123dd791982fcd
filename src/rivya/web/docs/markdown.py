"""Markdown of ours as HTML: headings that can be linked to, code in tabs, tables that scroll, links between pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from rivya.web.page import environment

LANGUAGES = {
    "bash": ("curl", "bash"),
    "python": ("Python", "python"),
    "typescript": ("TypeScript", "typescript"),
    "json": ("JSON", "json"),
    "text": ("Text", "text"),
    "http": ("HTTP", "http"),
}
SAMPLES = ("bash", "python", "typescript")
"""Blocks of these languages that follow each other are one sample in several languages."""

_NOT_IN_ANCHORS = re.compile(r"[^a-z0-9 -]")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Section:
    """What stands below a heading, as plain text: for search. The page's own beginning has no anchor."""

    anchor: str
    title: str
    text: str


@dataclass(frozen=True)
class Rendered:
    title: str
    html: Markup
    headings: Sequence[Heading]
    sections: Sequence[Section]


@dataclass(frozen=True)
class CodeSample:
    language: str
    code: str

    @property
    def name(self) -> str:
        return LANGUAGES.get(self.language, (self.language, ""))[0]


def anchor_of(heading: str) -> str:
    """Return what a heading is called in a link, as Markdown viewers name them."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")


def rendered(markdown: str, *, link: Callable[[str], str]) -> Rendered:
    """Return a page of our own Markdown as HTML; ``link`` says where each of its links leads.

    The HTML in it is trusted, as the page is.
    """
    parser = _parser()
    tokens = parser.parse(_COMMENT.sub("", markdown))
    headings = _headings(tokens)
    _lead_links(tokens, link)
    _name_columns(tokens)
    title = headings[0].text if headings else ""
    html = parser.renderer.render(_gathered(tokens), parser.options, {})
    return Rendered(title, Markup(html), headings[1:], _sections(tokens))  # noqa: S704 - our own pages


def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": True}).enable("table")
    made.add_render_rule("fence", _render_code)
    made.add_render_rule("table_open", _render_table)
    made.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return made


def _render_table(*_: Any) -> str:
    return '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table class="table table-top">\n'


def _render_code(_renderer: Any, tokens: Sequence[Token], at: int, *_: Any) -> str:
    samples: list[CodeSample] = tokens[at].meta["samples"]
    components: Any = environment.get_template("components/code.html").module
    if len(samples) > 1:
        return str(components.code_tabs([(one.name, one.language, one.code) for one in samples], f"sample-{at}"))
    (only,) = samples
    title = "Response" if tokens[at].meta["answers"] else only.name
    return str(components.code_block(only.code, only.language, title=title))


def _gathered(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with all blocks of one sample in the first of them; what follows it at once answers it."""
    found: list[Token] = []
    at, answers = 0, False
    while at < len(tokens):
        token = tokens[at]
        found.append(token)
        if token.type == "fence":
            samples = _samples(tokens[at:])
            token.meta = {"samples": samples, "answers": answers}
            answers = samples[-1].language in SAMPLES
            at += len(samples)
        else:
            answers = False
            at += 1
    return found


def _headings(tokens: Sequence[Token]) -> list[Heading]:
    """Return the headings, and give each its anchor."""
    found: list[Heading] = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = _plain(inline)
            anchor = anchor_of(text)
            token.attrSet("id", anchor)
            found.append(Heading(int(token.tag[1]), anchor, text))
    return found


def _lead_links(tokens: Sequence[Token], link: Callable[[str], str]) -> None:
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", link(str(child.attrGet("href"))))


def _name_columns(tokens: Sequence[Token]) -> None:
    """Give the columns without a heading one that only screen readers say."""
    first = True
    for token, inline in pairwise(tokens):
        if token.type == "tr_open":
            first = True
        elif token.type == "th_open":
            if not inline.content:
                name = "Name" if first else "Meaning"
                inline.children = [Token("html_inline", "", 0, content=f'<span class="visually-hidden">{name}</span>')]
            first = False


def _samples(tokens: Sequence[Token]) -> list[CodeSample]:
    """Return the blocks of code that the tokens begin with and that are one sample: at least one."""
    found: list[CodeSample] = []
    for token in tokens:
        language = token.info.strip() if token.type == "fence" else ""
        seen = {sample.language for sample in found}
        if token.type != "fence" or (
            found and (language not in SAMPLES or not seen < set(SAMPLES) or language in seen)
        ):
            break
        found.append(CodeSample(language, token.content))
    return found


def _sections(tokens: Sequence[Token]) -> list[Section]:
    found: list[Section] = []
    title, anchor, texts = "", "", list[str]()
    after_heading = False
    for token in tokens:
        if token.type == "heading_open":
            if title:
                found.append(Section(anchor, title, " ".join(texts)))
            anchor = "" if token.tag == "h1" else str(token.attrGet("id"))
            texts, after_heading = [], True
        elif token.type == "inline":
            if after_heading:
                title, after_heading = _plain(token), False
            else:
                texts.append(_plain(token))
        elif token.type == "fence":
            texts.append(token.content)
    return [*found, Section(anchor, title, " ".join(texts))]


def _plain(inline: Token) -> str:
    parts = [child for child in inline.children or () if child.type != "html_inline"]
    return "".join(" " if part.type == "softbreak" else part.content for part in parts)
