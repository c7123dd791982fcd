"""The templates, as files: nothing in them that the content security policy forbids, and every macro is in ``ui``."""

from __future__ import annotations

import re

import pytest

from rivya.web.page import environment

COMPONENTS = re.findall(
    r"\w+",
    """
    button link_button field textarea select checkbox table badge count card code_block code_tabs copy_field tabs
    tab_panels toast_region toast dialog alert empty_state skeleton stat avatar pager moment icon
    """,
)
TEMPLATES = environment.list_templates(extensions=["html"])
_INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(?:\ssrc=|type=\"application/json\"))")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_nothing_inline(name: str) -> None:
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    assert _INLINE.findall(source) == []


def test_every_component_is_in_ui() -> None:
    ui = environment.globals["ui"]
    assert [name for name in COMPONENTS if not callable(getattr(ui, name, None))] == []


def test_what_is_given_to_a_component_is_escaped() -> None:
    made = environment.from_string("{{ ui.badge(text) }}{{ ui.field('a', text, value=text, hint=text, error=text) }}")
    html = made.render(text='"><script>x</script>')
    assert "<script>" not in html
    assert html.count("&#34;&gt;&lt;script&gt;") == 5
