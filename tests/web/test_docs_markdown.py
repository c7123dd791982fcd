"""The documentation's Markdown as HTML."""

from __future__ import annotations

from rivya.web.docs.library import PAGES, WRITTEN, link, neighbours
from rivya.web.docs.markdown import anchor_of, rendered

SAMPLE = """\
# Title

See [chat](chat.md#as-a-stream) and [elsewhere](https://example.com/x.md).

## Send *it* now

<!-- for the machine -->
```bash
curl x
```

```python
print("<b>")
```

```json
{"a": 1}
```

| | what |
| --- | --- |
| `a` | b |
"""


def test_blocks_in_several_languages_are_one_sample_and_what_follows_is_its_response() -> None:
    html = str(rendered(SAMPLE, link=link).html)
    assert html.count('role="tablist"') == 1
    assert html.count('role="tab"') == 2
    assert html.count("data-copy-code") == 2
    assert "<span>Response</span>" in html
    assert "for the machine" not in html


def test_code_is_escaped_and_nothing_has_a_style() -> None:
    html = str(rendered(SAMPLE, link=link).html)
    assert "&lt;b&gt;" in html
    assert "style=" not in html


def test_links_between_files_lead_to_pages_and_others_stay() -> None:
    html = str(rendered(SAMPLE, link=link).html)
    assert 'href="/docs/api/chat#as-a-stream"' in html
    assert 'href="https://example.com/x.md"' in html


def test_a_column_without_a_heading_has_one_for_screen_readers() -> None:
    assert '<th><span class="visually-hidden">Name</span></th>' in str(rendered(SAMPLE, link=link).html)


def test_headings_are_listed_with_the_anchors_that_links_use() -> None:
    page = rendered(SAMPLE, link=link)
    assert page.title == "Title"
    assert [(heading.level, heading.anchor, heading.text) for heading in page.headings] == [
        (2, "send-it-now", "Send it now")
    ]
    assert anchor_of("1. A key") == "1-a-key"


def test_sections_hold_the_text_below_their_heading() -> None:
    first, second = rendered(SAMPLE, link=link).sections
    assert (first.anchor, first.title) == ("", "Title")
    assert "elsewhere" in first.text
    assert (second.anchor, second.title) == ("send-it-now", "Send it now")
    assert "curl x" in second.text


def test_every_written_page_begins_with_its_title_and_says_when_it_was_reviewed() -> None:
    for page in WRITTEN:
        assert page.rendered.title, page
        assert page.reviewed is not None or page.file == "changelog", page


def test_pages_follow_each_other() -> None:
    assert neighbours(PAGES[0]) == (None, PAGES[1])
    assert neighbours(PAGES[-1]) == (PAGES[-2], None)
