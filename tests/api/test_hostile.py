"""Hostile input of every family: the documented answer, in bounded time and memory, and the wallet does not move.

The tests at the end look at what all of it left behind.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rivya.files.links import MediaLinks
from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.api.hostile import forms, heads, json_bodies, media, params, paths, prompts, queries, urls
from tests.api.hostile.case import Case, Target
from tests.files import samples
from tests.files.forms import PATH, uploaded
from tests.running import Client, eventually

FAMILIES = [json_bodies, prompts, params, paths, queries, heads, urls, forms, media]
CASES = [
    pytest.param(case, id=f"{family.__name__.rsplit('.', 1)[-1]}: {case.name}")
    for family in FAMILIES
    for case in family.CASES
]
WITHIN_S = 10.0
"""For one answer. All but a few come in milliseconds; the machine may be busy with other tests."""

MOST_MEBIBYTES = 48
"""How much larger the API process may become, over all cases; a body may be 60 MB, a head endless."""

MOST_PROBERS = 2
"""The processes that look into uploads are kept warm."""


@dataclass
class Attacked:
    installation: Installation
    account: AccountId
    target: Target
    pid: int
    resident_mebibytes: float
    """Before the first attack."""

    @property
    def wallet(self) -> Mapping[str, object]:
        return self.target.client.get("/api/v1/credits").json

    @property
    def spooled(self) -> list[Path]:
        return list((self.installation.rivya.folder / "data" / "uploads").iterdir())


@pytest.fixture(scope="module")
def attacked(installation: Installation) -> Attacked:
    account = installation.account()
    client = installation.client(account)
    client.ended(client.generate({"model": "scripted"}).json["id"])  # what is loaded at first use is nobody's attack
    uploaded(client, samples.video(), kind="video")
    target = Target(client, bad_links(installation, client))
    pid = next(process.pid for process in installation.rivya.processes if "serve" in list(process.args))  # type: ignore[call-overload]
    if sys.platform == "linux":
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # begins the peak anew: proc(5)
    return Attacked(installation, account, target, pid, resident(pid, "VmRSS"))


def bad_links(installation: Installation, client: Client) -> Mapping[str, str]:
    """Return the links of urls.OURS: each was or looks like one of ours, and none is any good to the client."""
    stranger = installation.client(installation.account())
    theirs, mine, gone = (uploaded(one, samples.picture()) for one in (stranger, client, client))
    result = stranger.ended(stranger.generate({"model": "scripted"}).json["id"])["result"]["primary_url"]
    assert client.call("DELETE", f"{PATH}/{gone['id']}").status == 204
    url, key = mine["url"], urlsplit(mine["url"]).path.removeprefix("/media/")
    path, _, query = url.partition("?")
    own, base = urlsplit(url).netloc, installation.base_url
    other_key = MediaLinks(base_url=base, key=b"another key", lives_s=60)
    same_key = MediaLinks(base_url=base, key=b"for tests only", lives_s=60)
    return {
        "another account's file": theirs["url"],
        "another account's file by its id": theirs["id"],
        "another account's result": result,
        "another signature": url[:-4] + "AAAA",
        "another moment": url.replace("expires=", "expires=9"),
        "no signature": url.partition("&")[0],
        "no query": path,
        "a longer path": f"{path}/x?{query}",
        "a path that climbs": f"{path}/../{key.rsplit('/', 1)[-1]}?{query}",
        "another extension": f"{path.removesuffix('.png')}.mp4?{query}",
        "an expired link": same_key.sign(key, now=0),
        "another object with this signature": f"{theirs['url'].partition('?')[0]}?{query}",
        "a link signed with another key": other_key.sign(key),
        "another host with this path": url.replace(own, "127.0.0.1:1"),
        "this host behind a user": url.replace(own, f"user@{own}"),
        "the API itself": f"{base}/api/v1/credits",
        "a file that was deleted": gone["url"],
        "a link with two signatures": url.replace("signature=", "signature=x&signature="),
    }


def test_there_are_at_least_200_of_them() -> None:
    assert len(CASES) >= 200


@pytest.mark.parametrize("case", CASES)
def test_it_is_answered_as_documented_and_the_wallet_does_not_move(attacked: Attacked, case: Case) -> None:
    before = attacked.wallet
    began = time.monotonic()
    answer = case.call(attacked.target)
    assert time.monotonic() - began < WITHIN_S
    assert answer.headers["content-type"] == "application/json"
    if case.code is None:
        assert answer.status == case.status, answer.body
        shown = answer.json
        assert {name: shown[name] for name in case.shows} == case.shows
    else:
        error = answer.json["error"]
        assert (answer.status, error["code"], error.get("param")) == (case.status, case.code, case.param), error
        assert error["requestId"] == answer.headers["x-request-id"]
        assert len(answer.body) < 4096  # what was sent is not sent back
    assert attacked.wallet == before


# What all of it left behind


def test_no_task_was_made_and_no_rule_of_the_money_is_broken(attacked: Attacked) -> None:
    tasks = attacked.installation.sql("select status from tasks where account_id = $1", attacked.account)
    assert [row["status"] for row in tasks] == ["succeeded"]
    assert attacked.installation.violations() == []


def test_the_process_has_not_grown(attacked: Attacked) -> None:
    grown = resident(attacked.pid, "VmHWM") - attacked.resident_mebibytes
    print(f"{len(CASES)} hostile inputs raised the process by {grown:.1f} MiB at most")
    assert grown <= MOST_MEBIBYTES


def test_nothing_waits_in_the_spool_and_no_upload_is_under_way(attacked: Attacked) -> None:
    eventually(lambda: not attacked.spooled)
    assert attacked.installation.sql("select 1 from uploads where account_id = $1", attacked.account) == []


def test_no_process_is_left_but_those_that_wait_for_uploads(attacked: Attacked) -> None:
    children = Path(f"/proc/{attacked.pid}/task/{attacked.pid}/children")
    eventually(lambda: len(children.read_text().split()) <= MOST_PROBERS)


def test_a_good_call_is_answered_as_ever(attacked: Attacked) -> None:
    client = attacked.target.client
    assert uploaded(client, samples.picture())["mime_type"] == "image/png"
    assert client.ended(client.generate({"model": "scripted"}).json["id"])["status"] == "succeeded"


def resident(process: int, which: str) -> float:
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024
