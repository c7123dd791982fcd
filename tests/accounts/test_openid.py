"""Signing in by somebody else's word: whose account it becomes, and what is not taken for their word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from rivya.accounts import audit, deletion, sessions, sign_in
from rivya.accounts.model import Device
from rivya.accounts.openid import identities
from rivya.accounts.openid.file import Provider
from rivya.accounts.openid.identities import NotLetIn
from rivya.accounts.openid.service import OpenID
from rivya.accounts.service import create, find
from rivya.errors import NotFound, RateLimited, UpstreamUnavailable
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.invariants import verify
from rivya.wallet.model import Balance
from tests.accounts.issuer import CLIENT, SECRET, Issuer, new_key, running, without

HERE = Device("a browser", "203.0.113.0")
URL = "https://rivya.example"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running() as found:
        yield found


def opened(pool: Pool, issuer: Issuer, *, kind: str = "openid", may_sign_up: bool = True) -> OpenID:
    provider = Provider("test", "Test", kind, issuer.url, CLIENT, SECRET, ("openid", "email"))  # type: ignore[arg-type]
    return OpenID(pool, {"test": provider}, base_url=URL, may_sign_up=may_sign_up)


@pytest.fixture
async def openid(pool: Pool, issuer: Issuer) -> AsyncIterator[OpenID]:
    found = opened(pool, issuer)
    yield found
    await found.close()


async def go(openid: OpenID, issuer: Issuer, *, account: AccountId | None = None, **query: str) -> str | None:
    """Go there and back; return the token of the browser."""
    begun = await openid.begin("test", going_to="/dashboard", account=account, device=HERE)
    back = {**issuer.agree(begun.address), **query}
    return await come_back(openid, back, begun.browser, account=account)


async def come_back(
    openid: OpenID, back: dict[str, str], browser: str, *, account: AccountId | None = None
) -> str | None:
    flow = await openid.take(back, browser=browser)
    assert flow.going_to == "/dashboard"
    return await openid.end(flow, back, account=account, device=HERE)


async def who(pool: Pool, token: str | None) -> AccountId:
    session = await sessions.find(pool, token=token or "")
    assert session is not None
    return session.account


async def prove(pool: Pool, account: AccountId) -> None:
    await pool.execute("update accounts set email_verified_at = now() where id = $1", account)


async def test_a_stranger_gets_an_account_with_the_first_credits_once(
    pool: Pool, openid: OpenID, issuer: Issuer
) -> None:
    account = await who(pool, await go(openid, issuer))
    assert await who(pool, await go(openid, issuer)) == account
    assert await wallet.balance(pool, account=account) == Balance(available=6, reserved=0)
    person = await sign_in.person(pool, account=account)
    assert (person.email, person.name, person.has_password) == ("ada@example.com", "Ada L", False)
    assert person.email_verified_at is not None
    assert await verify(pool) == []


async def test_two_sign_ins_at_once_make_one_account(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    tokens = await asyncio.gather(*(go(openid, issuer) for _ in range(8)))
    accounts = {await who(pool, token) for token in tokens}
    assert len(accounts) == 1
    assert await wallet.balance(pool, account=accounts.pop()) == Balance(available=6, reserved=0)


async def test_who_changes_their_address_there_keeps_the_account(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    account = await who(pool, await go(openid, issuer))
    issuer.claims["email"] = "lovelace@example.com"
    assert await who(pool, await go(openid, issuer)) == account
    assert (await sign_in.person(pool, account=account)).email == "ada@example.com"
    assert [one.email for one in await identities.of_account(pool, account=account)] == ["lovelace@example.com"]


async def test_the_address_may_be_in_userinfo_alone(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    issuer.in_userinfo = True
    account = await who(pool, await go(openid, issuer))
    assert account == await find(pool, email="ada@example.com")


async def test_an_account_whose_address_is_proven_gets_another_way_in(
    pool: Pool, openid: OpenID, issuer: Issuer
) -> None:
    made = await create(pool, email="Ada@example.com", password=True)
    await prove(pool, made.id)
    assert await who(pool, await go(openid, issuer)) == made.id


@pytest.mark.parametrize("operator", [False, True])
async def test_an_account_that_may_be_somebody_elses_is_not_taken_over(
    pool: Pool, openid: OpenID, issuer: Issuer, operator: bool
) -> None:
    made = await create(pool, email="ada@example.com", password=True, operator=operator)
    if operator:
        await prove(pool, made.id)
    with pytest.raises(NotLetIn, match="has an account here"):
        await go(openid, issuer)
    assert await identities.of_account(pool, account=made.id) == []
    await go(openid, issuer, account=made.id)  # who is signed in may connect it
    assert await who(pool, await go(openid, issuer)) == made.id


async def test_an_address_that_is_not_proven_there_opens_nothing(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    for claims in ({"email_verified": False}, {"email_verified": "no"}, {"email": ""}):
        issuer.claims = {"sub": "person-1", "email": "ada@example.com", "email_verified": True, **claims}
        with pytest.raises(NotLetIn, match="no proof"):
            await go(openid, issuer)
    with pytest.raises(NotFound):
        await find(pool, email="ada@example.com")


async def test_nobody_new_gets_in_where_sign_up_is_closed(pool: Pool, issuer: Issuer) -> None:
    closed = opened(pool, issuer, may_sign_up=False)
    with pytest.raises(NotLetIn, match="ask the operator"):
        await go(closed, issuer)
    made = await create(pool, email="ada@example.com")
    await prove(pool, made.id)
    assert await who(pool, await go(closed, issuer)) == made.id
    await closed.close()


async def test_a_closed_account_stays_closed(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    account = await who(pool, await go(openid, issuer))
    await pool.execute("update accounts set disabled_at = now() where id = $1", account)
    with pytest.raises(NotLetIn, match="closed"):
        await go(openid, issuer)


async def test_a_deleted_account_is_forgotten_and_its_person_a_stranger(
    pool: Pool, openid: OpenID, issuer: Issuer
) -> None:
    account = await who(pool, await go(openid, issuer))
    await deletion.delete(pool, account=account, device=HERE)
    assert await who(pool, await go(openid, issuer)) != account


async def test_a_way_in_leads_to_one_account(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    first = await who(pool, await go(openid, issuer))
    other = await create(pool, email="grace@example.com", password=True)
    with pytest.raises(NotLetIn, match="another account"):
        await go(openid, issuer, account=other.id)
    assert await who(pool, await go(openid, issuer)) == first


async def test_the_last_way_in_stays(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    account = await who(pool, await go(openid, issuer))
    way = {"account": account, "issuer": issuer.url, "subject": "person-1", "device": HERE}
    with pytest.raises(NotLetIn, match="only way"):
        await identities.disconnect(pool, **way)
    await pool.execute("update accounts set password_hash = 'x' where id = $1", account)
    await identities.disconnect(pool, **way)
    with pytest.raises(NotFound):
        await identities.disconnect(pool, **way)
    assert await identities.of_account(pool, account=account) == []


async def test_it_is_written_down(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    account = await who(pool, await go(openid, issuer))
    notes = await audit.of_account(pool, account=account)
    assert [note.action for note in notes] == ["session.begin", "identity.connect", "account.sign_up"]
    assert all(note.details["issuer"] == issuer.url for note in notes[:2])


def unsigned(_: Issuer, claims: dict[str, Any]) -> str:
    signed = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("x" * 32))
    return f"eyJhbGciOiJub25lIn0.{signed.split('.')[1]}."


def with_the_public_key_as_secret(issuer: Issuer, claims: dict[str, Any]) -> str:
    public = issuer.keys[0].as_pem(private=False)
    return jwt.encode({"alg": "HS256", "kid": issuer.keys[0].kid}, claims, OctKey.import_key(public))


def with_a_key_of_ones_own(issuer: Issuer, claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "kid": issuer.keys[0].kid}, claims, key)


def with_a_key_that_is_not_published(_: Issuer, claims: dict[str, Any]) -> str:
    key = new_key()
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def signed_and_then_changed(issuer: Issuer, claims: dict[str, Any]) -> str:
    key = issuer.keys[0]
    parts = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key).split(".")
    other = jwt.encode({"alg": "RS256", "kid": key.kid}, {**claims, "sub": "person-2"}, key).split(".")
    return ".".join([parts[0], other[1], parts[2]])


def says(**claims: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {**found, **claims}


@pytest.mark.parametrize(
    "spoil",
    [
        says(nonce="another"),
        says(iss="https://accounts.example"),
        says(aud="another-client"),
        says(aud=["another-client"]),
        says(aud=[CLIENT, "another-client"]),
        says(aud=[CLIENT, "another-client"], azp="another-client"),
        says(azp="another-client"),
        says(exp=int(time.time()) - 3600),
        says(iat=int(time.time()) - 24 * 3600),
        says(iat=int(time.time()) + 3600),
        says(sub=""),
        says(sub=17),
        says(sub="x" * 300),
        *(without(name) for name in ("iss", "sub", "aud", "exp", "iat", "nonce")),
    ],
)
async def test_a_token_that_is_not_what_it_should_be_is_refused(
    pool: Pool, openid: OpenID, issuer: Issuer, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    issuer.spoil = spoil
    with pytest.raises(UpstreamUnavailable):
        await go(openid, issuer)
    assert await pool.fetchval("select count(*) from accounts") == 0


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        with_the_public_key_as_secret,
        with_a_key_of_ones_own,
        with_a_key_that_is_not_published,
        signed_and_then_changed,
        lambda *_: "no token",
        lambda *_: "",
    ],
)
async def test_a_signature_that_is_not_the_issuers_is_refused(
    pool: Pool, openid: OpenID, issuer: Issuer, sign: Callable[[Issuer, dict[str, Any]], str]
) -> None:
    issuer.sign = sign
    with pytest.raises(UpstreamUnavailable):
        await go(openid, issuer)
    assert await pool.fetchval("select count(*) from accounts") == 0


async def test_a_new_key_of_the_issuer_is_found(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    account = await who(pool, await go(openid, issuer))
    issuer.keys = [new_key()]
    assert await who(pool, await go(openid, issuer)) == account
    assert issuer.asked.count("/keys") == 2
    assert issuer.asked.count("/.well-known/openid-configuration") == 1


async def test_a_sign_in_ends_once(openid: OpenID, issuer: Issuer) -> None:
    begun = await openid.begin("test", going_to="/dashboard", account=None, device=HERE)
    back = issuer.agree(begun.address)
    await come_back(openid, back, begun.browser, account=None)
    with pytest.raises(NotLetIn, match="already"):
        await come_back(openid, back, begun.browser, account=None)


async def test_a_sign_in_ends_in_the_browser_that_began_it(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    victim = await openid.begin("test", going_to="/dashboard", account=None, device=HERE)
    attacker = await openid.begin("test", going_to="/dashboard", account=None, device=HERE)
    for browser in (victim.browser, ""):
        with pytest.raises(NotLetIn):
            await come_back(openid, issuer.agree(attacker.address), browser, account=None)
    assert await pool.fetchval("select count(*) from accounts") == 0


async def test_a_way_in_is_connected_for_whom_it_was_begun(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    mine, other = [await create(pool, email=f"{name}@example.com") for name in ("mine", "other")]
    for ends_as in (other.id, None):
        begun = await openid.begin("test", going_to="/dashboard", account=mine.id, device=HERE)
        with pytest.raises(NotLetIn, match="somebody else"):
            await come_back(openid, issuer.agree(begun.address), begun.browser, account=ends_as)
    assert await identities.of_account(pool, account=mine.id) == []


async def test_a_sign_in_that_took_too_long_is_over(pool: Pool, openid: OpenID, issuer: Issuer) -> None:
    begun = await openid.begin("test", going_to="/dashboard", account=None, device=HERE)
    await pool.execute("update sign_in_flows set expires_at = now() - interval '1 second'")
    with pytest.raises(NotLetIn, match="too long"):
        await come_back(openid, issuer.agree(begun.address), begun.browser, account=None)


async def test_who_answers_must_be_who_was_asked(openid: OpenID, issuer: Issuer) -> None:
    with pytest.raises(NotLetIn, match="somebody else"):
        await go(openid, issuer, iss="https://accounts.example")


async def test_who_does_not_agree_is_told_so(openid: OpenID, issuer: Issuer) -> None:
    issuer.denies = True
    with pytest.raises(NotLetIn, match="did not agree at Test"):
        await go(openid, issuer)


async def test_an_issuer_that_is_away_is_said_to_be(
    openid: OpenID, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    begun = await openid.begin("test", going_to="/dashboard", account=None, device=HERE)
    back = issuer.agree(begun.address)
    issuer.down = True
    with pytest.raises(UpstreamUnavailable, match="Test could not be asked"):
        await come_back(openid, back, begun.browser, account=None)
    assert back["code"] not in caplog.text


async def test_a_document_of_another_issuer_is_not_used(pool: Pool, issuer: Issuer) -> None:
    provider = Provider("test", "Test", "openid", f"{issuer.url}/", CLIENT, SECRET, ("openid", "email"))
    other = OpenID(pool, {"test": provider}, base_url=URL, may_sign_up=True)
    with pytest.raises(UpstreamUnavailable):
        await other.begin("test", going_to="/dashboard", account=None, device=HERE)
    await other.close()


async def test_who_begins_again_and_again_waits(openid: OpenID) -> None:
    async def begin_often() -> None:
        for _ in range(40):
            await openid.begin("test", going_to="/dashboard", account=None, device=HERE)

    with pytest.raises(RateLimited):
        await begin_often()


async def test_github_says_who_it_is(pool: Pool, issuer: Issuer) -> None:
    issuer.claims = {"sub": "4711", "email": "ada@example.com", "email_verified": True}
    github = opened(pool, issuer, kind="github")
    account = await who(pool, await go(github, issuer))
    assert account == await find(pool, email="ada@example.com")
    assert await who(pool, await go(github, issuer)) == account
    issuer.claims = {"sub": "4712", "email": "grace@example.com", "email_verified": False}
    with pytest.raises(NotLetIn, match="no proof"):
        await go(github, issuer)
    with pytest.raises(UpstreamUnavailable):
        await go(github, issuer, code="another")
    with pytest.raises(NotLetIn, match="somebody else"):
        await go(github, issuer, iss="https://example.com/login/oauth")
    await github.close()
