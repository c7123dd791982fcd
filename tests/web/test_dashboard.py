"""/dashboard: credits, what was made lately, what to do first."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.conftest import Installation
from tests.web.site import Person
from tests.web.test_history import make, talk


def test_a_new_account_is_told_what_to_do_first(person: Person) -> None:
    page = person.text("/dashboard")
    for said in ("First steps", "Create an API key", "Nothing made yet.", "No chats yet.", "Nothing was spent."):
        assert said in page


def test_what_was_made_and_spent_is_on_the_dashboard(installation: Installation, person: Person) -> None:
    task = make(installation, person, "a castle")
    session = talk(installation, person.account)
    page = person.text("/dashboard")
    assert f"/history/generations/{task}" in page
    assert "a castle" in page
    assert f"/history/chats/{session}" in page
    assert "2 credits spent in 30 days" in page
    assert "<dd>96</dd>" in page


def test_credits_that_expire_soon_are_told(installation: Installation, person: Person) -> None:
    installation.sql(
        "select wallet_grant($1, 'pack:1', 'pack', 500, now() + interval '10 days', '', now())", person.account
    )
    page = person.text("/dashboard")
    assert "<dd>600</dd>" in page
    assert "<dd>500</dd>" in page


def test_another_accounts_work_is_not_on_it(
    installation: Installation, person: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    task, session = make(installation, other), talk(installation, other.account)
    page = person.text("/dashboard")
    assert task not in page
    assert session not in page
