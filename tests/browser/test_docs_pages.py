"""The documentation: every link leads somewhere, languages and search work, and models are as they are here."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.sync_api import Page

from rivya.web.docs.library import PAGES
from tests.browser.site import Site
from tests.running import Client

STARTS = ["/developers", "/docs/search?q=key", "/llms.txt", *(page.url for page in PAGES)]
ELSEWHERE = ("/sign-", "/settings/", "/dashboard", "/studio", "/history", "/notifications", "/admin")
"""Pages of other people's tests; strangers are led to the sign-in there."""


class Reading(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if given.get("id"):
            self.anchors.add(str(given["id"]))


def test_every_link_leads_to_a_page_and_an_anchor_that_are_there(site: Site) -> None:
    client, read = Client(site.base_url), dict[str, Reading]()
    wanted = [(start, start) for start in STARTS]
    broken: list[str] = []
    while wanted:
        source, target = wanted.pop()
        path, anchor = urldefrag(target)
        if path not in read:
            answer = client.get(path)
            if answer.status != 200:
                broken.append(f"{source} links to {target}: {answer.status}")
                continue
            is_html = "text/html" in answer.headers["content-type"]
            read[path] = Reading(answer.body.decode() if is_html else "")
            wanted += _followed(site, path, read[path].links)
        if anchor not in read[path].anchors:
            broken.append(f"{source} links to {target}: there is no such anchor")
    assert broken == []
    assert len(read) > 80


def _followed(site: Site, path: str, links: list[str]) -> Iterator[tuple[str, str]]:
    for link in links:
        whole = urljoin(site.base_url + path, link)
        parts = urlsplit(whole)
        if whole.startswith(site.base_url) and not parts.path.startswith(ELSEWHERE):
            yield path, whole.removeprefix(site.base_url)


def test_every_written_page_is_there_as_markdown_without_what_is_for_the_machine(site: Site) -> None:
    client = Client(site.base_url)
    for page in PAGES:
        answer = client.get(f"{page.url if page.slug else page.url + '/overview'}.md")
        assert answer.status == 200, page
        assert answer.headers["content-type"].startswith("text/markdown")
        assert answer.body.startswith(b"# "), page
        assert b"<!-- reviewed" not in answer.body


def test_llms_full_holds_every_page_and_every_model(site: Site) -> None:
    client = Client(site.base_url)
    whole = client.get("/llms-full.txt").body.decode()
    for page in PAGES:
        if page.file is not None:
            assert page.markdown.strip() in whole
    for model in client.get("/api/v1/models").json["data"]:
        assert f"- id: `{model['id']}`" in whole


def test_a_written_page_says_when_it_was_reviewed(page: Page) -> None:
    page.goto("/docs/api/generations")
    assert page.get_by_text("Last reviewed").count() == 1


def test_a_chosen_language_holds_for_all_samples_and_for_the_next_page(page: Page) -> None:
    page.goto("/docs/api/quickstart")
    page.get_by_role("tab", name="Python").first.click()
    assert page.locator("[role=tab][aria-selected=true]").all_inner_texts() == ["Python"] * 3
    page.goto("/docs/api/chat")
    assert set(page.locator("[role=tab][aria-selected=true]").all_inner_texts()) == {"Python"}
    page.locator("[role=tab][aria-selected=true]").first.press("ArrowRight")
    assert set(page.locator("[role=tab][aria-selected=true]").all_inner_texts()) == {"TypeScript"}


def test_slash_goes_to_the_search_and_finds_a_section_and_a_model(page: Page) -> None:
    page.goto("/docs/api/credits")
    page.keyboard.press("/")
    page.wait_for_url("**/docs/search")
    page.get_by_role("searchbox").fill("duration token")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs/search?q=*")
    first = page.locator(".hits a").first
    assert first.get_attribute("href") == "/docs/api/files#duration-tokens"
    page.get_by_role("searchbox").fill("rivya-sketch")
    page.keyboard.press("Enter")
    page.wait_for_url("**sketch")
    assert "/docs/api/models/rivya-sketch" in [link.get_attribute("href") for link in page.locator(".hits a").all()]


def test_models_are_searched_and_filtered(page: Page) -> None:
    page.goto("/docs/api/models")
    page.get_by_label("Category").select_option("audio")
    page.get_by_label("Availability").select_option("available")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**category=audio**")
    shown = page.locator("tbody code").all_inner_texts()
    assert "rivya-voice" in shown
    assert "rivya-sketch" not in shown
    assert "suno-music" not in shown


def test_every_model_has_a_page_with_its_true_state_and_only_what_works_has_a_sample(site: Site) -> None:
    client = Client(site.base_url)
    states = set[str]()
    for model in client.get("/api/v1/models").json["data"]:
        answer = client.get(f"/docs/api/models/{model['id']}")
        assert answer.status == 200, model["id"]
        html = answer.body.decode()
        runs = model["api_status"] == "available"
        assert ('data-tabs data-choice="language"' in html) is runs, model["id"]
        assert ("this model cannot be called here now" in html) is not runs, model["id"]
        for param in model["params"]:
            assert f"<code>{param['key']}</code>" in html
        states.add(model["api_status"])
    assert states == {"available", "coming_soon"}


def test_the_reference_has_every_operation_of_the_document(site: Site) -> None:
    client = Client(site.base_url)
    document = client.get("/api/v1/openapi.json").json
    for path, methods in document["paths"].items():
        for operation in methods.values():
            shown = client.get(f"/docs/api/reference/{operation['tags'][0].lower()}").body.decode()
            assert f'id="{operation["operationId"]}"' in shown
            assert f"<code>{path}</code>" in shown


def test_the_reference_shows_events_as_they_are_sent(site: Site) -> None:
    shown = unescape(Client(site.base_url).get("/docs/api/reference/chat").body.decode())
    assert 'event: chat.completion.delta\ndata: {"id":"text","delta":{"content":"Paris"}}' in shown
