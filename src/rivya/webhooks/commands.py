"""``rivya webhooks``."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from rivya.accounts import service as accounts
from rivya.files.links import MediaLinks
from rivya.kit.clock import iso, utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.outbound import OPERATORS, Outbound, Refused, checked_url
from rivya.operator import DataDir, fail, run, settings_for
from rivya.webhooks.listen import Heard, Listener, forward
from rivya.webhooks.model import endpoint_of
from rivya.webhooks.replay import Stretch, replay
from rivya.webhooks.schemas import EndpointObject, endpoint_object
from rivya.webhooks.signing import BadSecret, check_secret, new_secret

app = typer.Typer(help="Webhooks: list endpoints, replay events, listen.", no_args_is_help=True)

_SQL = load_queries("rivya.webhooks")
_MOST_SHOWN = 1000

Account = Annotated[str, typer.Option(help="The account's e-mail address.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter("must be a moment such as 2026-05-11T09:30:00Z; UTC if it does not say") from None


Moment = Annotated[datetime, typer.Option(parser=_moment, metavar="TIME")]


@app.command("list")
def list_command(account: Account, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List an account's webhook endpoints, newest first; at most 1,000."""

    async def command(pool: Pool) -> list[EndpointObject]:
        owner = await accounts.find(pool, email=account)
        rows = await pool.fetch(_SQL["list_endpoints"], owner, None, None, _MOST_SHOWN)
        return [endpoint_object(endpoint_of(row)) for row in rows]

    found = run(data_dir, command)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    table = Table("id", "name", "url", "status", "last success", "last failure", "failures", box=None)
    for one in found:
        status = one.status if one.disabled_reason is None else f"{one.status} ({one.disabled_reason})"
        row = (one.id, one.name, one.url, status, one.last_success_at or "", one.last_failure_at or "")
        table.add_row(*row, str(one.failure_count))
    Console(width=None if Console().is_terminal else 220).print(table)


@app.command("replay")
def replay_command(
    endpoint: Annotated[str, typer.Argument(help="The endpoint's id.")],
    account: Account,
    since: Moment,
    until: Annotated[datetime | None, typer.Option(parser=_moment, metavar="TIME")] = None,
    status: Annotated[
        Literal["failed", "all"], typer.Option(help="Events that it did not get, or also those that it got.")
    ] = "failed",
    data_dir: DataDir = None,
) -> None:
    """Send an endpoint again what happened in a stretch of time."""
    end = until or utc_now()
    if since >= end:
        raise typer.BadParameter("--until must be later than --since")

    async def command(pool: Pool) -> int:
        owner = await accounts.find(pool, email=account)
        count, begin = 0, since
        while True:
            async with pool.acquire() as connection, connection.transaction():
                done = await replay(connection, account=owner, endpoint=endpoint, stretch=Stretch(begin, end, status))
            count += done.count
            if done.next_since_at is None:
                return count
            begin = _moment(done.next_since_at)

    typer.echo(f"{run(data_dir, command)} events are on their way to {endpoint}.")


@app.command()
def listen(
    account: Account,
    forward_to: Annotated[str | None, typer.Option(metavar="URL", help="Where to send each event, signed.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="RIVYA_LISTEN_SECRET", help="Sign with this secret; without it, one is made and printed."),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(parser=_moment, metavar="TIME", help="Begin with events from then on.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one line of JSON.")] = False,
) -> None:
    """Show an account's events as they happen, until Ctrl-C; and forward them to a server under development.

    Ends with 0; with 1 when the database cannot be reached, or when, with --count, an event could not be forwarded.
    """
    key = _secret_for(forward_to, secret)
    settings = settings_for(data_dir)
    links = MediaLinks(base_url=settings.base_url, key=settings.signing_key(), lives_s=settings.media_link_s)

    async def command(pool: Pool) -> _Session:
        owner = await accounts.find(pool, email=account)
        begin = since or utc_now()
        session = _Session(Listener(pool, links, owner, since=begin), begin, forward_to, key, as_json=as_json)
        await session.run(most=count)
        return session

    session = run(data_dir, command)
    if count is not None and session.lost:
        fail(f"{session.lost} of {session.heard} events could not be forwarded")
    _say(f"Stopped after {session.heard} events. Go on with --since {iso(session.until)}")


class _Session:
    """One run of ``listen``."""

    def __init__(
        self, listener: Listener, begin: datetime, forward_to: str | None, secret: str, *, as_json: bool
    ) -> None:
        self._listener = listener
        self._forward_to = forward_to
        self._secret = secret
        self._as_json = as_json
        self.until = begin
        self.heard = 0
        self.lost = 0

    async def run(self, *, most: int | None) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        _say("Listening; Ctrl-C ends it.")
        outbound = Outbound(OPERATORS)
        try:
            async with contextlib.aclosing(self._listener.run(stop)) as events:
                async for heard in events:
                    await self._show(outbound, heard)
                    if self.heard == most:
                        stop.set()
        finally:
            await outbound.close()

    async def _show(self, outbound: Outbound, heard: Heard) -> None:
        self.heard += 1
        self.until = max(self.until, heard.event.created_at)
        event = heard.event
        line = f"{iso(event.created_at)}  {event.type}  {event.id}  {event.task or ''}".rstrip()
        typer.echo(heard.body.decode() if self._as_json else line)
        if self._forward_to is None:
            return
        answer = await forward(outbound, self._forward_to, heard, secret=self._secret)
        self.lost += not answer.is_good
        _say(f"  {event.id} -> {answer.status or answer.error} in {answer.duration_ms} ms")


def _secret_for(url: str | None, secret: str | None) -> str:
    """Return the secret to sign with; one that is made is printed."""
    if url is None:
        return ""
    try:
        checked_url(url, OPERATORS)
        if secret is not None:
            check_secret(secret)
            return secret
    except Refused as error:
        fail(f"--forward-to {error.reason}")
    except BadSecret as error:
        fail(str(error))
    made = new_secret()
    _say(f"Events are signed with this secret: {made}")
    return made


def _say(text: str) -> None:
    typer.echo(text, err=True)
