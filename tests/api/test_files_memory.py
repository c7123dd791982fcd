"""An upload passes through the API process; it is never held in it, wherever it is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.files import samples
from tests.files.forms import upload
from tests.files.s3_server import BUCKET, running
from tests.running import Client, Rivya
from tests.scripted import new_key

MOST_MEBIBYTES = 8


@dataclass
class Api:
    """One API process, and a caller with a key."""

    process: int
    client: Client


@pytest.fixture(params=["disk", "s3"])
def api(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Api]:
    def started(settings: dict[str, str]) -> Iterator[Api]:
        rivya = Rivya(database_url, tmp_path, settings)
        try:
            process, base_url = rivya.serve()
            yield Api(process.pid, Client(base_url, new_key(database_url, name="large", credits=0)))
        finally:
            rivya.close()

    if request.param == "disk":
        yield from started({})
    else:
        with running() as server:
            yield from started({**server.environment, "RIVYA_OBJECT_STORE_URL": f"s3://{BUCKET}/large"})


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_large_upload_raises_the_process_by_little(api: Api, at_once: int) -> None:
    """By at most 8 MiB, from before the first large upload to the peak while it lasts, all threads and buffers told.

    A small upload comes before: the code and the connections that it loads stay, and are no upload's.
    """
    content = samples.with_padding(samples.video("mp4"), 50 * samples.MEBIBYTE)
    assert upload(api.client, samples.video("mp4"), kind="video").status == 201
    Path(f"/proc/{api.process}/clear_refs").write_text("5")  # begins the peak anew: proc(5)
    before = resident(api.process, "VmRSS")
    with ThreadPoolExecutor(at_once) as threads:
        answers = list(threads.map(lambda _: upload(api.client, content, kind="video"), range(at_once)))
    assert [answer.status for answer in answers] == [201] * at_once
    raised = resident(api.process, "VmHWM") - before
    print(f"{at_once} uploads of 50 MiB at once raised the process by {raised:.1f} MiB")
    assert raised <= MOST_MEBIBYTES * at_once


def resident(process: int, which: str) -> float:
    """Return a figure of the process in MiB: VmRSS is its memory now, VmHWM the most that it was."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024
