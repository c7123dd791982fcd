"""Sign-in and settings over HTTP: cookies, forms of others, what is another's."""

from __future__ import annotations

from urllib.parse import urlencode
from urllib.request import Request

import pytest

from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.running import Answer, Client, eventually
from tests.web.site import _TOKEN, Person

PRIVATE = [
    "/settings/profile",
    "/settings/security",
    "/settings/credits",
    "/settings/billing",
    "/settings/api-keys",
    "/settings/webhooks",
]


def csrf(person: Person) -> str:
    found = _TOKEN.search(person.text("/settings/profile"))
    assert found is not None
    return found[1]


def send(person: Person, path: str, *, origin: str | None = None, **fields: str) -> Answer:
    """Send a form, with the token of this person's pages if there is one."""
    if person.cookie is not None:
        fields.setdefault("csrf", csrf(person))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin or person.base_url}
    return person._call(Request(person.base_url + path, urlencode(fields).encode(), headers, method="POST"))


@pytest.mark.parametrize("path", PRIVATE)
def test_a_stranger_is_sent_to_sign_in_and_back(stranger: Person, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status, answer.headers["location"]) == (303, f"/sign-in?next={path}")


@pytest.mark.parametrize("path", PRIVATE)
def test_a_page_of_somebody_is_kept_by_nobody(person: Person, path: str) -> None:
    answer = person.get(path)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


def test_a_session_is_no_credential_of_the_api(installation: Installation, person: Person) -> None:
    answer = Client(installation.base_url).get("/api/v1/credits", headers={"Cookie": f"rivya_session={person.cookie}"})
    assert (answer.status, answer.json["error"]["code"]) == (401, "api_key_missing")


def test_signing_in_sets_a_cookie_that_no_script_reads(installation: Installation, stranger: Person) -> None:
    installation.sql(
        "update accounts set password_hash = $2 where id = $1",
        (account := installation.account()),
        _hashed("open sesame"),
    )
    email = installation.sql("select email from accounts where id = $1", account)[0]["email"]
    answer = send(stranger, "/sign-in", email=email, password="open sesame", next="/settings/profile")
    assert (answer.status, answer.headers["location"]) == (303, "/settings/profile")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    signed_in = Person(stranger.base_url, account, cookie.split("rivya_session=")[1].split(";")[0])
    assert email in signed_in.text("/settings/profile")
    assert send(signed_in, "/sign-out").status == 303
    assert signed_in.get("/settings/profile").status == 303


@pytest.mark.parametrize(
    "next_page", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(person: Person, next_page: str) -> None:
    answer = person.get(f"/sign-in?{urlencode({'next': next_page})}")
    assert (answer.status, answer.headers["location"]) == (303, "/dashboard")


def test_a_wrong_password_says_no_more_than_that(stranger: Person) -> None:
    answer = send(stranger, "/sign-in", email="nobody@example.com", password="x")
    assert answer.status == 400
    assert b"do not belong together" in answer.body
    assert b'value="nobody@example.com"' in answer.body


@pytest.mark.parametrize(
    "path", ["/settings/profile", "/settings/api-keys", "/settings/security/delete", "/settings/webhooks", "/sign-out"]
)
@pytest.mark.parametrize("fault", [{"csrf": "x"}, {"csrf": ""}, {"origin": "https://elsewhere.example"}])
def test_a_form_of_somebody_else_changes_nothing(person: Person, path: str, fault: dict[str, str]) -> None:
    origin = fault.get("origin")
    token = {"csrf": fault["csrf"]} if "csrf" in fault else {}
    assert send(person, path, origin=origin, name="x", **token).status == 403
    assert person.get("/settings/profile").status == 200


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/forgot-password", "/reset-password", "/confirm"])
def test_a_form_from_elsewhere_is_refused_to_strangers_too(stranger: Person, path: str) -> None:
    assert send(stranger, path, origin="https://elsewhere.example", email="a@example.com").status == 403


def test_a_key_is_made_shown_once_used_and_revoked(installation: Installation, person: Person) -> None:
    made = send(person, "/settings/api-keys", name="Server", scopes="credits:read", expiry="30", credits_a_month="7")
    assert made.status == 200
    secret = made.body.decode().split('value="rvya_sk_')[1].split('"')[0]
    client = Client(installation.base_url, f"rvya_sk_{secret}")
    assert client.get("/api/v1/credits").json["current_credits"] == 100
    assert client.generate({"model": "scripted"}).json["error"]["code"] == "api_scope_denied"
    page = person.text("/settings/api-keys")
    assert secret not in page
    assert "0 of 7 credits" in page
    key = installation.sql("select id from api_keys where account_id = $1", person.account)[0]["id"]
    assert send(person, "/settings/api-keys/revoke", key=key).status == 303
    eventually(lambda: client.get("/api/v1/credits").status == 401, within_s=5)
    actions = installation.sql("select action from audit_log where account_id = $1 order by id", person.account)
    assert [row["action"] for row in actions] == ["key.create", "key.revoke"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "", "scopes": "files:read"}, "1 to 100 characters"),
        ({"name": "x"}, "the scopes are"),
        ({"name": "x", "scopes": "everything"}, "the scopes are"),
        ({"name": "x", "scopes": "files:read", "expiry": "31"}, "Choose when"),
        ({"name": "x", "scopes": "files:read", "credits_a_month": "many"}, "whole number"),
        ({"name": "x", "scopes": "files:read", "requests_a_minute": "0"}, "must be 1 to"),
    ],
)
def test_a_key_that_cannot_be_is_refused_in_words(
    installation: Installation, person: Person, fields: dict[str, str], message: str
) -> None:
    answer = send(person, "/settings/api-keys", **fields)
    assert answer.status == 400
    assert message.encode() in answer.body
    assert installation.sql("select 1 from api_keys where account_id = $1", person.account) == []


def test_what_is_anothers_is_not_there(installation: Installation, person: Person) -> None:
    other = installation.account()
    key = installation.key(other)
    session = _session_of(installation, other)
    assert send(person, "/settings/api-keys/revoke", key=key.id).status == 404
    assert send(person, "/settings/api-keys/rotate", key=key.id, grace_days="1").status == 404
    assert send(person, "/settings/security/sessions/end", session=session).status == 404
    assert person.get("/settings/webhooks/whend_00000000000000000000000000").status == 404
    assert Client(installation.base_url, key.secret).get("/api/v1/credits").status == 200


def test_the_credits_page_finds_sorts_and_exports(installation: Installation, person: Person) -> None:
    client = installation.client(person.account or AccountId(""))
    task = client.generate({"model": "scripted"}).json["id"]
    client.ended(task)
    assert task in person.text("/settings/credits")
    assert task in person.text(f"/settings/credits?q={task[-6:]}&order=most")
    assert task not in person.text("/settings/credits?q=nothing-of-the-kind")
    assert "grant" in person.text("/settings/credits?type=grant")
    lines = person.text("/settings/credits.csv").splitlines()
    assert lines[0].startswith("time,type,credits")
    assert [line.split(",")[1] for line in lines[1:]] == ["settle", "reserve", "grant"]
    assert person.get("/settings/credits?type=gifts").status == 400
    assert "2" in person.text("/settings/billing")


def _hashed(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def _session_of(installation: Installation, account: AccountId) -> str:
    from tests.web.site import sign_in

    sign_in(installation, account)
    return installation.sql("select id from sessions where account_id = $1", account)[0]["id"]
