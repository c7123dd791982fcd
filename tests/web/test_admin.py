"""/admin: for operators alone; each act is noted."""

from __future__ import annotations

import json
import re

import pytest

from rivya.wallet.model import Balance
from tests.api.conftest import Installation
from tests.running import eventually
from tests.web.site import Person, sign_in
from tests.web.test_accounts import send

PAGES = ["/admin", "/admin/accounts", "/admin/models", "/admin/tasks", "/admin/audit"]


@pytest.fixture
def operator(installation: Installation) -> Person:
    account = installation.account()
    installation.sql("update accounts set is_operator = true where id = $1", account)
    return sign_in(installation, account)


def email_of(installation: Installation, account: str) -> str:
    return installation.sql("select email from accounts where id = $1", account)[0]["email"]


@pytest.mark.parametrize("path", PAGES)
def test_there_is_nothing_here_for_anybody_else(person: Person, stranger: Person, path: str) -> None:
    assert person.get(path).status == 404
    assert stranger.get(path).status == 303


@pytest.mark.parametrize("path", ["/admin/switch", "/admin/accounts/x/grant", "/admin/accounts/x/state"])
def test_nobody_else_acts(installation: Installation, person: Person, path: str) -> None:
    assert send(person, path, turn="off", reason="x", credits="5").status == 404
    assert person.account is not None
    assert installation.balance(person.account).available == 100


def test_a_grant_is_made_once_told_and_noted(installation: Installation, operator: Person) -> None:
    account = installation.account()
    path = f"/admin/accounts/{account}"
    page = operator.text(path)
    once = re.search(r'name="id" value="([^"]+)"', page)
    assert once is not None
    for _ in range(2):
        answer = send(operator, f"{path}/grant", id=once[1], credits="1,500", reason="a good customer", days="30")
        assert (answer.status, answer.headers["location"]) == (303, path)
    assert installation.balance(account) == Balance(available=1600, reserved=0)
    page = operator.text("/admin/audit?action=credits")
    assert email_of(installation, account) in page
    assert "a good customer" in page
    notes = installation.sql(
        "select details from audit_log where account_id = $1 and action = 'credits.grant'", account
    )
    assert [json.loads(note["details"])["credits"] for note in notes] == [1500]
    assert installation.violations() == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"credits": "", "reason": "x"}, "whole number"),
        ({"credits": "-5", "reason": "x"}, "whole number"),
        ({"credits": "0", "reason": "x"}, "Grant 1 to"),
        ({"credits": "5", "reason": " "}, "Say why"),
        ({"credits": "5", "reason": "x", "days": "9999"}, "1 to 3650 days"),
    ],
)
def test_a_grant_that_cannot_be_is_refused_in_words(
    installation: Installation, operator: Person, fields: dict[str, str], message: str
) -> None:
    account = installation.account()
    answer = send(operator, f"/admin/accounts/{account}/grant", id="x", **fields)
    assert answer.status == 400
    assert message.encode() in answer.body
    assert installation.balance(account).available == 100


def test_a_disabled_account_is_shut_out_until_it_is_enabled(installation: Installation, operator: Person) -> None:
    account = installation.account()
    client, browser = installation.client(account), sign_in(installation, account)
    path = f"/admin/accounts/{account}/state"
    assert client.get("/api/v1/credits").status == 200
    assert send(operator, path, turn="disable", reason="abuse").status == 303
    eventually(lambda: client.get("/api/v1/credits").status == 401, within_s=5)
    assert browser.get("/dashboard").status == 303
    assert send(operator, path, turn="enable", reason="talked").status == 303
    eventually(lambda: client.get("/api/v1/credits").status == 200, within_s=5)
    assert operator.account is not None
    own = send(operator, f"/admin/accounts/{operator.account}/state", turn="disable", reason="oops")
    assert own.status == 400


def test_the_switch_turns_the_public_api_off_and_on(installation: Installation, operator: Person) -> None:
    client = installation.client(installation.account())
    try:
        assert send(operator, "/admin/switch", turn="off", reason="").status == 400
        assert send(operator, "/admin/switch", turn="off", reason="upkeep").status == 303
        eventually(lambda: client.get("/api/v1/credits").status == 503, within_s=5)
        assert "upkeep" in operator.text("/admin")
    finally:
        assert send(operator, "/admin/switch", turn="on").status == 303
    eventually(lambda: client.get("/api/v1/credits").status == 200, within_s=5)


def test_accounts_are_found_by_part_of_their_address(installation: Installation, operator: Person) -> None:
    email = email_of(installation, installation.account())
    assert email in operator.text(f"/admin/accounts?q={email[:9].upper()}")
    assert "Nobody found" in operator.text("/admin/accounts?q=nobody-of-that-name")


def test_models_say_who_serves_them(operator: Person) -> None:
    page = operator.text("/admin/models")
    assert "scripted.scripted" in page
    assert "1 worker" in page


def test_what_does_not_move_and_what_fails_is_seen(installation: Installation, operator: Person) -> None:
    client = installation.client(installation.account())
    hanging = client.generate({"model": "scripted", "params": {"outcome": "hang"}}).json["id"]
    failed = client.generate({"model": "scripted", "params": {"outcome": "failed"}}).json["id"]
    client.ended(failed)
    installation.sql("update tasks set created_at = created_at - interval '2 minutes' where id = $1", hanging)
    page = operator.text("/admin/tasks")
    assert hanging in page
    assert "upstream_error" in page
    client.post(f"/api/v1/generations/{hanging}/cancel")
    client.ended(hanging)
    assert "Tasks that failed" in operator.text("/admin")
