"""The pages of docs/api tell all of the API: every endpoint, error and scope; and no link in them is broken."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest

from rivya import errors
from rivya.app import create_app
from rivya.catalog.references import MEBIBYTE, USUAL_LIMITS
from rivya.errors import PublicError
from rivya.installation import installation
from rivya.keys.model import SCOPES
from rivya.openapi.operations import Endpoint, endpoints
from rivya.settings import Settings
from rivya.web.docs.library import ROOT, page_at
from tests.docs.pages import FOLDER, PAGES, text

_ROW = re.compile(r"^\| `(\w+)`[^|]*\| (\d{3}) \| ([^|]+) \|", re.M)
_LINK = re.compile(r"\]\(((?!https?:)[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)


@pytest.fixture(scope="module")
def all_endpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Endpoint]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("app"), secret_key=cast("Any", "for tests only"))
    app = cast("Any", create_app(installation(settings), "postgresql://nowhere"))
    while not hasattr(app, "routes"):
        app = app._app
    return endpoints(app.routes)


def anchors(page: str) -> set[str]:
    """Return what a link may lead to within a page, named as Markdown viewers name headings."""
    named = set(re.findall(r'<a id="([^"]+)">', text(page)))
    for heading in _HEADING.findall(text(page)):
        named.add(re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-"))
    return named


def test_the_pages_are_those_that_there_are() -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == set(PAGES)


def test_every_endpoint_is_in_the_overview_with_its_scope(all_endpoints: list[Endpoint]) -> None:
    overview = text("overview")
    for endpoint in all_endpoints:
        call = f"`{endpoint.method.upper()} {endpoint.path.removeprefix('/api/v1')}`"
        assert call in overview
        (row,) = (line for line in overview.splitlines() if line.startswith(f"| {call} "))
        operation = endpoint.operation
        assert row.endswith("none needed |" if operation.public or not operation.scope else f"`{operation.scope}` |")


def test_every_endpoint_of_the_overview_is_one(all_endpoints: list[Endpoint]) -> None:
    told = set(re.findall(r"^\| `([A-Z]+ /[^`]*)`", text("overview"), re.M))
    real = {f"{endpoint.method.upper()} {endpoint.path.removeprefix('/api/v1')}" for endpoint in all_endpoints}
    assert told == real


def test_the_table_of_errors_is_that_of_the_code() -> None:
    table = {
        kind.code: (str(kind.status), " ".join((kind.__doc__ or "").split()))
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, PublicError) and kind is not PublicError
    }
    assert {code: (status, meaning.strip()) for code, status, meaning in _ROW.findall(text("errors"))} == table


def test_every_scope_is_told() -> None:
    for scope in SCOPES:
        assert f"`{scope}`" in text("authentication")


def test_the_usual_limits_of_files_are_those_of_the_code() -> None:
    for kind, limit in USUAL_LIMITS.items():
        types = ", ".join(f"`{mime}`" for mime in limit.mime_types)
        assert f"| `{kind}` | {limit.max_bytes // MEBIBYTE} MB | {types} |" in text("files")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in _LINK.findall(text(page)):
        target, _, anchor = link.partition("#")
        if target.startswith(f"{ROOT}/"):  # a page that is made, not written
            assert page_at(target.removeprefix(f"{ROOT}/")) is not None, link
            continue
        there = target.removesuffix(".md") or page
        assert there in PAGES, link
        assert not anchor or anchor in anchors(there), link


def test_the_pages_go_with_the_package() -> None:
    project = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["docs/api"] == "rivya/docs/api"
