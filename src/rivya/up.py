"""What ``rivya up`` says to the person who started it."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.panel import Panel

from rivya.accounts import service as accounts
from rivya.accounts.openid import file as openid_file
from rivya.keys import service as keys
from rivya.kit.db import open_pool
from rivya.kit.telemetry import configure_logging
from rivya.settings import Settings
from rivya.supervisor import Supervisor

_FIRST_EMAIL = "operator@localhost"
_FIRST_CREDITS = 1000


def run_up(settings: Settings) -> None:
    """Run until stopped. Raises OperatorError for what stands in the way."""
    configure_logging(format=settings.log_format, level=settings.log_level)
    console = Console(stderr=True, highlight=False)
    console.print(f"Starting Rivya in {settings.data_dir}", style="dim")

    def ready(dsn: str) -> None:
        console.print(asyncio.run(_greeting(settings, dsn)))

    supervisor = Supervisor(settings, on_ready=ready, on_message=lambda text: console.print(text, style="dim"))
    openid_file.load(settings.openid_file)  # said here once, not by each process
    supervisor.run()
    console.print("Rivya has stopped.", style="dim")


async def _greeting(settings: Settings, dsn: str) -> Panel:
    lines = [f"Rivya is ready at [bold]{settings.base_url}[/bold]"]
    async with open_pool(dsn, size=2) as pool:
        if not await pool.fetchval("select exists (select from accounts)"):
            first = await accounts.create(
                pool, email=_FIRST_EMAIL, credits=_FIRST_CREDITS, password=True, operator=True
            )
            key = await keys.issue(pool, account=first.id, name="first key")
            lines += [
                "",
                f"The first account, with {_FIRST_CREDITS} credits. Shown this once:",
                f"  sign-in   {first.email}  {first.password}",
                f"  API key   {key.secret}",
            ]
    lines += ["", "Ctrl-C stops it; nothing is lost."]
    return Panel("\n".join(lines), expand=False, padding=(1, 2))
