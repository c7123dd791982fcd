"""``rivya keys``."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rivya.accounts import service as accounts
from rivya.keys import service as keys
from rivya.keys.model import LIFETIMES_DAYS, MOST_GRACE_DAYS, SCOPES, IssuedKey, KnownKey
from rivya.keys.service import KeyLimits
from rivya.kit.clock import iso, utc_now
from rivya.kit.db import Pool
from rivya.kit.ids import KeyId
from rivya.operator import DataDir, run

app = typer.Typer(help="API keys: create, list, limit, rotate, revoke.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _lifetime(days: int | None) -> int | None:
    if days is not None and days not in LIFETIMES_DAYS:
        raise typer.BadParameter(f"must be {', '.join(map(str, LIFETIMES_DAYS))}, or left out for no expiry")
    return days


def _number_or_none(text: str | None) -> str | None:
    if text is not None and text != "none" and not (text.isascii() and text.isdigit()):
        raise typer.BadParameter("must be a whole number, or none")
    return text


CreditsAMonth = Annotated[
    str | None,
    typer.Option(
        callback=_number_or_none,
        metavar="N|none",
        help="The most credits that it may spend in a calendar month (UTC).",
    ),
]
RequestsAMinute = Annotated[
    str | None,
    typer.Option(
        callback=_number_or_none, metavar="N|none", help="The most requests that it may send in any 60 seconds."
    ),
]


@app.command()
def create(
    account: Annotated[str, typer.Option(help="The account's e-mail address.")],
    name: Annotated[str, typer.Option(help="A name to tell keys apart.")] = "default",
    scopes: Annotated[str | None, typer.Option(help="Scopes, separated by commas; all of them by default.")] = None,
    expires_in_days: Annotated[
        int | None, typer.Option(callback=_lifetime, help="30, 90 or 365; without it the key does not expire.")
    ] = None,
    credits_a_month: CreditsAMonth = None,
    requests_a_minute: RequestsAMinute = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key; its secret is printed here and never again."""
    chosen = [scope.strip() for scope in scopes.split(",") if scope.strip()] if scopes is not None else SCOPES
    limits = _limits(credits_a_month, requests_a_minute)

    async def command(pool: Pool) -> IssuedKey:
        owner = await accounts.find(pool, email=account)
        expires_at = utc_now() + timedelta(days=expires_in_days) if expires_in_days is not None else None
        return await keys.issue(pool, account=owner, name=name, scopes=chosen, expires_at=expires_at, **limits)

    _show_new(run(data_dir, command), as_json=as_json, name=name)


@app.command("list")
def list_command(
    account: Annotated[str, typer.Option(help="The account's e-mail address.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List an account's API keys, newest first."""

    async def command(pool: Pool) -> list[KnownKey]:
        return await keys.list_keys(pool, account=await accounts.find(pool, email=account))

    found, now = run(data_dir, command), utc_now()
    if as_json:
        typer.echo(json.dumps([_as_json(key, now) for key in found]))
        return
    table = Table("id", "name", "prefix", "state", "expires", "last used", "credits this month", "a minute", box=None)
    for key in found:
        used = f"{key.used_credits} of {'any' if key.credits_a_month is None else key.credits_a_month}"
        pace = "" if key.requests_a_minute is None else str(key.requests_a_minute)
        table.add_row(
            key.id, key.name, key.prefix, key.state(now), _day(key.expires_at), _day(key.last_used_at), used, pace
        )
    Console(width=None if Console().is_terminal else 180).print(table)


@app.command()
def limit(
    key_id: str,
    credits_a_month: CreditsAMonth = None,
    requests_a_minute: RequestsAMinute = None,
    data_dir: DataDir = None,
) -> None:
    """Set or lift an API key's own limits; what is not named stays as it is."""
    limits = _limits(credits_a_month, requests_a_minute)
    if not limits:
        raise typer.BadParameter("say --credits-a-month or --requests-a-minute, with a number or none")

    async def command(pool: Pool) -> KeyLimits:
        return await keys.change_limits(pool, key=KeyId(key_id), **limits)

    now = run(data_dir, command)
    words = {name: "no limit" if value is None else str(value) for name, value in now.items()}
    typer.echo(
        f"Key {key_id}: credits a month: {words['credits_a_month']}; "
        f"requests a minute: {words['requests_a_minute']} of its own."
    )


@app.command()
def rotate(
    key_id: str,
    grace_days: Annotated[
        int, typer.Option(min=0, max=MOST_GRACE_DAYS, help="How many days the old secret lives on; 0: it ends now.")
    ],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key in the place of another; the new secret is printed here and never again."""

    async def command(pool: Pool) -> IssuedKey:
        return await keys.rotate(pool, key=KeyId(key_id), grace=timedelta(days=grace_days))

    _show_new(run(data_dir, command), as_json=as_json, replaces=key_id)


@app.command()
def revoke(key_id: str, data_dir: DataDir = None) -> None:
    """Revoke an API key, for good."""

    async def command(pool: Pool) -> None:
        await keys.revoke(pool, key=KeyId(key_id))

    run(data_dir, command)
    typer.echo(f"Key {key_id} is revoked.")


def _limits(credits_a_month: str | None, requests_a_minute: str | None) -> KeyLimits:
    limits = KeyLimits()
    if credits_a_month is not None:
        limits["credits_a_month"] = None if credits_a_month == "none" else int(credits_a_month)
    if requests_a_minute is not None:
        limits["requests_a_minute"] = None if requests_a_minute == "none" else int(requests_a_minute)
    return limits


def _show_new(made: IssuedKey, *, as_json: bool, **more: str) -> None:
    if as_json:
        expires_at = iso(made.expires_at) if made.expires_at is not None else None
        shown = {"id": made.id, "key": made.secret, **more, "prefix": made.prefix, "scopes": made.scopes}
        typer.echo(json.dumps({**shown, "expires_at": expires_at}))
    else:
        typer.echo(f"Key {made.id}, shown this once:\n{made.secret}")


def _as_json(key: KnownKey, now: datetime) -> dict[str, object]:
    shown = {name: iso(value) if isinstance(value, datetime) else value for name, value in asdict(key).items()}
    return {**shown, "state": key.state(now)}


def _day(moment: datetime | None) -> str:
    return iso(moment) if moment is not None else ""
