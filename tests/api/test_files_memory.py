"""An upload passes through the API process; it is never held in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api.conftest import Installation
from tests.files import samples
from tests.files.forms import upload
from tests.running import Client

MOST_MEBIBYTES = 8


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_large_upload_raises_the_process_by_little(
    installation: Installation, make_client: Callable[..., Client], at_once: int
) -> None:
    client = make_client()
    process = installation.rivya.processes[1].pid
    content = samples.with_padding(samples.video("mp4"), 50 * samples.MEBIBYTE)
    upload(client, samples.video("mp4"), kind="video")  # what is loaded at the first use is not the upload's
    Path(f"/proc/{process}/clear_refs").write_text("5")  # begins the peak anew: proc(5)
    before = resident(process, "VmRSS")
    with ThreadPoolExecutor(at_once) as threads:
        answers = list(threads.map(lambda _: upload(client, content, kind="video"), range(at_once)))
    assert [answer.status for answer in answers] == [201] * at_once
    raised = resident(process, "VmHWM") - before
    print(f"{at_once} uploads of 50 MiB at once raised the process by {raised:.1f} MiB")
    assert raised <= MOST_MEBIBYTES * at_once


def resident(process: int, which: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024
