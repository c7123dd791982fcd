"""The documentation as plain text: each page as Markdown, and all of it for programs that read (llms.txt)."""

from __future__ import annotations

from collections.abc import Sequence

from rivya.catalog.schemas import ModelObject, ParamObject
from rivya.web.catalog import Listed
from rivya.web.docs.library import GROUPS, ROOT, WRITTEN
from rivya.web.docs.reference import Tag

_SUMMARY = (
    "Image, video, audio and chat models behind one account, one API key and one wallet of credits. "
    "Media generations are jobs that are followed by status, events or webhook; chat answers whole or as a stream."
)


def llms(models: Sequence[Listed], *, base_url: str) -> str:
    """Return /llms.txt: what there is to read, with links to Markdown (see llmstxt.org)."""
    lines = ["# Rivya API", "", f"> {_SUMMARY}", ""]
    for name, pages in GROUPS.items():
        lines += [f"## {name}", ""]
        lines += [f"- [{page.title}]({base_url}{page.url if page.slug else ROOT + '/overview'}.md)" for page in pages]
        lines += [""]
    lines += ["## Models that can be called now", ""]
    lines += [
        f"- [{one.shown.display_name}]({base_url}{ROOT}/models/{one.shown.id}.md): {one.shown.category}"
        for one in models
        if one.available
    ]
    return "\n".join([*lines, "", "## Everything in one file", "", f"- [llms-full.txt]({base_url}/llms-full.txt)", ""])


def llms_full(models: Sequence[Listed]) -> str:
    """Return every page and every model in one text."""
    return (
        "\n\n---\n\n".join([*(page.markdown.strip() for page in WRITTEN), *(model_text(one) for one in models)]) + "\n"
    )


def catalog_text(models: Sequence[Listed]) -> str:
    """Return the catalog as a table."""
    rows = [
        f"| [`{one.shown.id}`]({ROOT}/models/{one.shown.id}.md) | {one.shown.category} | {one.shown.api_status} "
        f"| {one.shown.base_credits} | {one.shown.billing_type} |"
        for one in models
    ]
    return "\n".join(
        ["# Models", "", "| model | category | status | base credits | billing |", "|---|---|---|---|---|", *rows, ""]
    )


def model_text(one: Listed) -> str:
    """Return what there is to know of a model."""
    shown = one.shown
    lines = [
        f"# {shown.display_name}",
        "",
        f"- id: `{shown.id}`",
        f"- category: {shown.category}",
        f"- status: {shown.api_status}; inputs: {shown.api_input_status}",
        f"- price: {price_line(shown)}",
        f"- longest prompt: {shown.max_prompt_length or 'no limit'}",
    ]
    if (rule := shown.reference_media) is not None:
        lines.append(f"- references: at most {rule.max_files} of {', '.join(rule.kinds)}. {rule.rule}".rstrip())
    lines += [f"- note: {notice.message}" for notice in shown.notices]
    if shown.params:
        lines += ["", "| param | type | default | values |", "|---|---|---|---|"]
        lines += [
            f"| `{param.key}` | {param.type} | {param.default} | {values_line(param)} |" for param in shown.params
        ]
    return "\n".join(lines)


def price_line(shown: ModelObject) -> str:
    """Return the price in a few words."""
    base = f"{shown.base_credits:,} credit{'' if shown.base_credits == 1 else 's'}"
    pricing = shown.pricing
    if pricing.unit == "generation":
        return f"{base} a generation"
    size = f"{pricing.unit_size:g} " if pricing.unit_size != 1 else ""
    return f"{base} per {size}{pricing.unit if size else pricing.unit.removesuffix('s')}"


def values_line(param: ParamObject) -> str:
    """Return what a param takes, in a few words."""
    if param.options is not None:
        return ", ".join(param.options)
    bounds = [
        f"{word} {value:,.12g}"
        for word, value in (("from", param.min), ("to", param.max), ("step", param.step))
        if value is not None
    ]
    return " ".join(bounds)


def reference_text(tags: Sequence[Tag]) -> str:
    """Return the operations of the API, a line each."""
    lines = ["# API reference", ""]
    for tag in tags:
        lines += [f"## {tag.name}", "", tag.description, ""]
        lines += [f"- `{one.method} {one.path}`: {one.summary}. {one.description}" for one in tag.operations]
        lines += [""]
    return "\n".join(lines)
