"""``rivya webhooks``: processes, judged by what they print, what they send, and how they end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from rivya.kit.clock import iso, utc_now
from rivya.kit.ids import AccountId, first_id
from rivya.webhooks.signing import new_secret
from tests.api.conftest import Installation
from tests.cli.conftest import Ended, environment, run_rivya
from tests.running import Client, eventually, free_port
from tests.webhooks.front import WEBHOOKS, add_event, made


@dataclass
class Receiver:
    """A server under development."""

    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(installation: Installation, tmp_path: Path) -> dict[str, str]:
    return {
        "RIVYA_DATABASE_URL": installation.database_url,
        "RIVYA_DATA_DIR": str(tmp_path),
        "RIVYA_SECRET_KEY": "for tests only",
    }


@pytest.fixture
def email(installation: Installation, account: AccountId) -> str:
    (row,) = installation.sql("select email from accounts where id = $1", account)
    return row["email"]


@contextmanager
def listening(tmp_path: Path, settings: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``rivya webhooks listen``, which says on standard error that it listens; its words go to files."""
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "rivya", "webhooks", "listen", *arguments],
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    try:
        eventually(lambda: "Listening" in (tmp_path / "err").read_text(), within_s=60)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_events_are_shown_as_they_happen_and_forwarded_signed(
    installation: Installation,
    account: AccountId,
    email: str,
    settings: dict[str, str],
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    before = add_event(installation, account, ago_s=5)
    with listening(tmp_path, settings, "--account", email, "--forward-to", receiver.url) as process:
        events = [add_event(installation, account, type=type) for type in ("generation.succeeded", "generation.failed")]
        add_event(installation, installation.account())
        eventually(lambda: len(receiver.got) == 2, within_s=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert receiver.ids() == events
    out, err = (tmp_path / "out").read_text(), (tmp_path / "err").read_text()
    assert [line.split()[2] for line in out.splitlines()] == events
    assert before not in out
    secret = err.split("this secret: ")[1].split()[0]
    for headers, body in receiver.got:
        assert Webhook(secret).verify(body, headers)["id"] == headers["webhook-id"]
        assert headers["content-type"] == "application/json"
    assert "204" in err
    assert "Stopped after 2 events. Go on with --since" in err


def test_it_goes_on_from_where_it_stopped(
    installation: Installation, account: AccountId, email: str, settings: dict[str, str], tmp_path: Path
) -> None:
    first, second = (add_event(installation, account, ago_s=seconds) for seconds in (100, 50))
    since = iso(utc_now() - timedelta(seconds=120))
    ended = listen(settings, "--account", email, "--since", since, "--count", "1", "--json")
    assert (ended.code, ended.json["id"]) == (0, first)
    go_on = ended.err.split("--since ")[1].strip()
    ended = listen(settings, "--account", email, "--since", go_on, "--count", "2", "--json")
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == [first, second]


def test_what_is_shown_as_json_is_what_endpoints_are_sent(
    installation: Installation, client: Client, account: AccountId, email: str, settings: dict[str, str]
) -> None:
    event = add_event(installation, account, type="generation.failed", ago_s=1)
    ended = listen(settings, "--account", email, "--since", ago(60), "--count", "1", "--json")
    assert ended.json == client.get(f"/api/v1/webhook-events/{event}").json


def test_an_event_that_appears_late_is_heard_and_none_is_heard_twice(
    installation: Installation, account: AccountId, email: str, settings: dict[str, str], tmp_path: Path
) -> None:
    """Ids are made before their transactions end: an event may come after those that sort behind it."""
    with listening(tmp_path, settings, "--account", email, "--since", ago(60)) as process:
        newer = add_event(installation, account)
        eventually(lambda: newer in (tmp_path / "out").read_text(), within_s=60)
        older = add_event(installation, account, ago_s=30)
        eventually(lambda: older in (tmp_path / "out").read_text(), within_s=60)
        last = add_event(installation, account)
        eventually(lambda: last in (tmp_path / "out").read_text(), within_s=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert [line.split()[2] for line in (tmp_path / "out").read_text().splitlines()] == [newer, older, last]


def test_many_events_are_all_heard(
    installation: Installation, account: AccountId, email: str, settings: dict[str, str]
) -> None:
    installation.sql(
        """insert into events (account_id, id, type, task_id, created_at)
           select $1, $2 || lpad(n::text, 10, '0'), 'webhook.test', null, $3 from generate_series(1, 1234) n""",
        account,
        first_id("evt", int(utc_now().timestamp() * 1000))[:-10],
        utc_now(),
    )
    ended = listen(settings, "--account", email, "--since", ago(600), "--count", "1234")
    assert len({line.split()[2] for line in ended.out.splitlines()}) == 1234


def test_a_server_that_is_not_well_is_told_of(
    installation: Installation, account: AccountId, email: str, settings: dict[str, str], receiver: Receiver
) -> None:
    receiver.status = 500
    add_event(installation, account, ago_s=1)
    often = ("--account", email, "--since", ago(60), "--count", "1")
    ended = listen(settings, *often, "--forward-to", receiver.url)
    assert (ended.code, len(receiver.got)) == (1, 1)
    assert "-> 500" in ended.err
    ended = listen(settings, *often, "--forward-to", f"http://127.0.0.1:{free_port()}/")
    assert ended.code == 1
    assert "Unreachable" in ended.err


def test_a_secret_of_ones_own_signs_and_is_not_printed(
    installation: Installation, account: AccountId, email: str, settings: dict[str, str], receiver: Receiver
) -> None:
    secret = new_secret()
    add_event(installation, account, ago_s=1)
    ended = listen(
        {**settings, "RIVYA_LISTEN_SECRET": secret},
        *("--account", email, "--since", ago(60), "--count", "1", "--forward-to", receiver.url),
    )
    assert ended.code == 0
    Webhook(secret).verify(receiver.got[0][1], receiver.got[0][0])
    assert secret not in ended.out + ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--account", "nobody@example.com"], 1, "There is no account"),
        (["--account", "EMAIL", "--forward-to", "ftp://127.0.0.1/"], 1, "must begin with http"),
        (["--account", "EMAIL", "--forward-to", "http://127.0.0.1/", "--secret", "mine"], 1, "whsec_"),
        (["--account", "EMAIL", "--since", "yesterday"], 2, "must be a moment"),
    ],
    ids=["no account", "no web address", "no secret", "no moment"],
)
def test_what_cannot_be_done_is_told(
    email: str, settings: dict[str, str], arguments: list[str], code: int, says: str
) -> None:
    ended = listen(settings, *(email if one == "EMAIL" else one for one in arguments))
    assert ended.code == code
    assert says in ended.err


def test_endpoints_are_listed(client: Client, email: str, settings: dict[str, str]) -> None:
    endpoint = made(client)
    ended = run_rivya("webhooks", "list", "--account", email, "--json", settings=settings)
    assert ended.json == client.get(WEBHOOKS).json["data"]
    table = run_rivya("webhooks", "list", "--account", email, settings=settings)
    assert endpoint["id"] in table.out
    assert endpoint["signing_secret"] not in table.out + ended.out


def test_events_are_replayed(
    installation: Installation, client: Client, account: AccountId, email: str, settings: dict[str, str]
) -> None:
    endpoint = made(client)["id"]
    event = add_event(installation, account, ago_s=10)
    arguments = ("webhooks", "replay", endpoint, "--account", email)
    ended = run_rivya(*arguments, "--since", ago(60), settings=settings)
    assert (ended.code, ended.out) == (0, f"1 events are on their way to {endpoint}.\n")
    assert [one["event_id"] for one in client.get(f"{WEBHOOKS}/{endpoint}/deliveries").json["data"]] == [event]
    assert run_rivya(*arguments, "--since", ago(60), "--until", ago(90), settings=settings).code == 2
    client.call("DELETE", f"{WEBHOOKS}/{endpoint}")
    ended = run_rivya(*arguments, "--since", ago(60), settings=settings)
    assert (ended.code, ended.err) == (1, "rivya: This webhook endpoint was revoked.\n")


def ago(seconds: float) -> str:
    return iso(utc_now() - timedelta(seconds=seconds))


def listen(settings: dict[str, str], *arguments: str) -> Ended:
    return run_rivya("webhooks", "listen", *arguments, settings=settings)
