"""What a model writes is shown, and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya.web.studio.markdown import rendered

_ALLOWED = re.compile(
    r"</?(?:p|br|hr|em|strong|s|a|ul|ol|li|blockquote|code|pre|div|span|button|svg|use|table|thead|tbody|tr|th|td|h[3-6])"
    r"(?=[\s>/])[^<>]*>"
)
_DANGER = re.compile(r"<[^>]*\s(?:on\w+|style|srcdoc)\s*=|href=\"\s*(?:javascript|data|vbscript|file):", re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt&colon;alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](https://elsewhere.example/x.png)",
        '```" onclick="alert(1)\nx\n```',
        "| a |\n|--:|\n| <b onclick=x> |",
        '<https://elsewhere.example/" onmouseover="x>',
        "# <svg/onload=alert(1)>",
    ],
)
def test_what_a_model_writes_does_nothing(text: str) -> None:
    html = str(rendered(text))
    assert not _DANGER.search(html)
    assert "<" not in _ALLOWED.sub("", html)
    assert "<img" not in html


@given(st.text(alphabet="<>&\"'`*_[]()!#|-:\\ \njavscriptonlkx=/", max_size=200))
def test_no_text_makes_an_element_of_its_own(text: str) -> None:
    html = str(rendered(text))
    assert not _DANGER.search(html)
    assert "<" not in _ALLOWED.sub("", html)


def test_code_comes_with_a_button_to_copy_it() -> None:
    html = str(rendered("```python\nprint('<b>')\n```"))
    assert "data-copy-code" in html
    assert "&lt;b&gt;" in html


def test_links_lead_elsewhere_in_another_tab_and_say_nothing_of_us() -> None:
    html = str(rendered("[a](https://example.com)"))
    assert 'rel="nofollow noopener noreferrer"' in html
    assert 'target="_blank"' in html


def test_headings_are_below_that_of_the_message_and_leave_no_level_out() -> None:
    levels = re.findall(r"<h(\d)>", str(rendered("### One\n\n# Two\n\n###### Three\n\n## Four")))
    assert levels == ["3", "3", "4", "4"]


def test_a_very_long_text_is_shown_as_it_is() -> None:
    html = str(rendered("*a* <b> " * 20_000))
    assert html.startswith('<p class="studio-plain">*a* &lt;b&gt;')
