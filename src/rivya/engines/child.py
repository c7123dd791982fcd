"""The process of one engine: loads it, does the jobs that come in, one at a time, and reports.

Started by the host as ``python -m rivya.engines.child NAME MODULE:CLASS MEMORY_MB FD``; the name is for people who
list processes. It ends when the other end of ``FD`` is closed, which the kernel does even when the host is killed.
Jobs and answers go over ``FD`` alone, so that whatever a library prints cannot be taken for an answer.
"""

from __future__ import annotations

import ctypes
import os
import queue
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import cast

from rivya.engines import frames
from rivya.engines.base import ChatEngine, ChatMessage, ChatUsage, Engine, InvalidInput, Job, Reference
from rivya.engines.frames import Frame

OUT_OF_MEMORY = 70
"""The exit status of a process that met its memory limit: what is left of it is not to be trusted with a job."""

_PROGRESS_EVERY_S = 0.1
_MOST_DETAIL = 8000
_PIECE_CHARACTERS = 16_384
_PR_SET_PDEATHSIG = 1


class Line:
    """The connection to the host. A thread listens, so that a stop or the host's end is heard during a job."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._stream = self._socket.makefile("rb")
        self._sending = threading.Lock()
        self._work: queue.SimpleQueue[frames.MakeFiles | frames.Answer] = queue.SimpleQueue()
        self.stopped = threading.Event()
        threading.Thread(target=self._listen, name="listen to the host", daemon=True).start()

    def next(self) -> frames.MakeFiles | frames.Answer:
        return self._work.get()

    def send(self, frame: Frame) -> None:
        data = frames.encode(frame)
        with self._sending:
            self._socket.sendall(data)

    def _listen(self) -> None:
        try:
            while len(header := self._stream.read(frames.LENGTH_BYTES)) == frames.LENGTH_BYTES:
                frame = frames.decode_to_engine(self._stream.read(frames.length(header)))
                if isinstance(frame, frames.StopAnswer):
                    self.stopped.set()
                else:
                    self.stopped.clear()
                    self._work.put(frame)
        finally:
            # Whatever ended the listening: no host, no process. The main thread may be deep in C code.
            os._exit(0)


def main(target: str, memory_mb: int, fd: int) -> None:
    _limit(memory_mb)
    line = Line(fd)
    engine = _load(target)
    line.send(frames.Ready())
    while True:
        work = line.next()
        try:
            line.send(_do(engine, work, line))
        except InvalidInput as error:
            line.send(frames.Rejected(str(error)))
        except MemoryError:
            traceback.print_exc()
            os._exit(OUT_OF_MEMORY)
        except Exception:  # noqa: BLE001 - the job's boundary: the host logs it with the job's id and answers
            line.send(frames.Failed(traceback.format_exc()[-_MOST_DETAIL:]))


def _limit(memory_mb: int) -> None:
    """Be the first to give way: no more memory than agreed, no core dump, low priority, no life after the host."""
    most = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _load(target: str) -> Engine | ChatEngine:
    module, _, name = target.partition(":")
    made: object = getattr(import_module(module), name)()
    return cast("Engine | ChatEngine", made)


def _do(engine: Engine | ChatEngine, work: frames.MakeFiles | frames.Answer, line: Line) -> Frame:
    if isinstance(work, frames.MakeFiles):
        return _make(cast(Engine, engine), work, line)
    return _answer(cast(ChatEngine, engine), work, line)


def _make(engine: Engine, work: frames.MakeFiles, line: Line) -> frames.Made:
    shown, shown_at = -1, 0.0

    def progress(percent: int) -> None:
        nonlocal shown, shown_at
        now = time.monotonic()
        if shown < percent and now - shown_at >= _PROGRESS_EVERY_S:
            shown, shown_at = min(percent, 100), now
            line.send(frames.Progress(shown))

    references = [Reference(ref.kind, Path(ref.path), ref.mime_type) for ref in work.references]
    job = Job(work.id, Path(work.out_dir), work.prompt, work.params, references)
    artifacts = engine.run(job, progress)
    return frames.Made([frames.File(str(artifact.path), artifact.mime_type) for artifact in artifacts])


def _answer(engine: ChatEngine, work: frames.Answer, line: Line) -> frames.Answered:
    def emit(text: str, used: ChatUsage) -> bool:
        # Also when it is stopped: what is counted is told.
        for start in range(0, len(text), _PIECE_CHARACTERS):
            line.send(frames.Piece(text[start : start + _PIECE_CHARACTERS], used.input_tokens, used.output_tokens))
        return not line.stopped.is_set()

    messages = [ChatMessage(message.role, message.content) for message in work.messages]
    usage = engine.chat(messages, max_tokens=work.max_tokens, emit=emit)
    return frames.Answered(usage.input_tokens, usage.output_tokens, usage.finish_reason or "stop")


if __name__ == "__main__":
    main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
