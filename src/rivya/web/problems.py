"""What went wrong, as a page for a person with a browser; under /api, and for programs, in the API's own envelope."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from rivya.errors import PublicError
from rivya.http import Call, answer_framework_error, answer_public_error, answer_unexpected
from rivya.web.page import render_now

_NOT_FOR_PEOPLE = ("/api/", "/media/", "/static/", "/internal/")
_HEADINGS = {
    401: "Sign in first",
    403: "This is not for you",
    404: "There is nothing here",
    405: "That cannot be done here",
    429: "Too much at once",
    500: "Something broke",
    503: "Not at the moment",
}


def answer_public(request: Call, error: PublicError) -> Response[Any]:
    """Answer with what went wrong."""
    return _for_reader(request, answer_public_error(request, error))


def answer_framework(request: Call, error: HTTPException) -> Response[Any]:
    """Answer what the framework refused."""
    return _for_reader(request, answer_framework_error(request, error))


def answer_broken(request: Call, error: Exception) -> Response[Any]:
    """Answer ``internal_error``, after what happened was logged."""
    return _for_reader(request, answer_unexpected(request, error))


def wants_page(request: Call) -> bool:
    """Return True for a browser that asks for a page."""
    if request.scope["path"].startswith(_NOT_FOR_PEOPLE) or request.headers.get("x-requested-with") == "fetch":
        return False
    return "text/html" in request.headers.get("accept", "")


def _for_reader(request: Call, answer: Response[bytes]) -> Response[Any]:
    if not wants_page(request):
        return answer
    told: dict[str, str] = msgspec.json.decode(answer.content)["error"]
    status = answer.status_code or 500
    page = render_now(
        request,
        "public/problem.html",
        status=status,
        problem=told,
        status_code=status,
        heading=_HEADINGS.get(status, "That did not work"),
    )
    for name in ("Retry-After", "Allow"):
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page
