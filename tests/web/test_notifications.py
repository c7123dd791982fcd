"""/notifications: shown, counted, read one by one or all at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.api.conftest import Installation
from tests.web.site import Person


def grant(installation: Installation, person: Person, number: int = 1) -> str:
    """Grant credits, which makes a notification; return its id."""
    name = f"pack:{number}"
    installation.sql("select wallet_grant($1, $2, 'pack', $3, null, '', now())", person.account, name, number)
    rows = installation.sql(
        "select id from notifications where account_id = $1 and subject = $2", person.account, f"granted:{name}"
    )
    return rows[0]["id"]


def unread(person: Person) -> int:
    """Return the count beside the bell."""
    found = re.search(r'aria-label="Notifications">.*?<span class="count">(\d+)', person.text("/history/chats"), re.S)
    return int(found[1]) if found else 0


def test_a_grant_is_told_and_counted_until_it_is_read(installation: Installation, person: Person) -> None:
    id = grant(installation, person, 500)
    assert "You received 500 credits" in person.text("/notifications")
    assert unread(person) == 1

    answer = person.post(f"/notifications/{id}/read")
    assert (answer.status, answer.headers["location"]) == (303, "/settings/credits")
    assert unread(person) == 0
    assert "You received 500 credits" in person.text("/notifications")


def test_all_of_a_kind_or_all_at_all_are_marked_read(installation: Installation, person: Person) -> None:
    for number in (1, 2):
        grant(installation, person, number)
    assert person.post("/notifications/read?kind=billing").headers["location"] == "/notifications?kind=billing"
    assert unread(person) == 2
    assert person.post("/notifications/read").headers["location"] == "/notifications"
    assert unread(person) == 0


def test_a_kind_shows_its_own_alone(installation: Installation, person: Person) -> None:
    grant(installation, person, 3)
    assert "You received 3 credits" in person.text("/notifications?kind=credits")
    assert "Nothing to tell" in person.text("/notifications?kind=generation")


def test_older_ones_are_on_further_pages(installation: Installation, person: Person) -> None:
    for number in range(1, 28):
        grant(installation, person, number)
    first = person.text("/notifications?kind=credits")
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older is not None
    assert first.count('class="notification notification-unread"') == 25
    assert person.text(older[1]).count('class="notification notification-unread"') == 2
    assert person.get("/notifications?cursor=rubbish").status == 200


def test_somebody_elses_cannot_be_read_or_marked(
    installation: Installation, person: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    id = grant(installation, other, 77)
    assert "You received 77 credits" not in person.text("/notifications")
    assert person.post(f"/notifications/{id}/read").status == 404
    person.post("/notifications/read")
    assert unread(other) == 1


@pytest.mark.parametrize("token", [None, "0" * 64])
def test_a_form_of_another_page_marks_nothing(installation: Installation, person: Person, token: str | None) -> None:
    id = grant(installation, person)
    assert person.post(f"/notifications/{id}/read", token=token).status == 403
    assert person.post("/notifications/read", token=token).status == 403
    assert person.post("/notifications/read", origin="https://elsewhere.example").status == 403
    assert unread(person) == 1


def test_a_stranger_marks_nothing(stranger: Person) -> None:
    assert stranger.post("/notifications/read", token=None).status == 401
