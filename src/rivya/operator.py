"""How a command of the operator reaches the database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from rivya.errors import PublicError
from rivya.kit.db import CONNECTION_LOST, Pool, open_pool
from rivya.kit.operator_error import OperatorError
from rivya.settings import Settings

Answer = TypeVar("Answer")

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The installation's data folder; or set RIVYA_DATA_DIR or RIVYA_DATABASE_URL."),
]


def settings_for(data_dir: Path | None, **given: object) -> Settings:
    """Return the settings, with what was given on the command line in place of the environment's.

    Raises OperatorError with every setting that is refused and why; what it was set to may be secret, and is not told.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if data_dir is not None:
        chosen["data_dir"] = data_dir.absolute()
    try:
        return Settings(**chosen)  # pyright: ignore[reportArgumentType] - checked by pydantic at run time
    except ValidationError as error:
        refused = error.errors(include_input=False, include_url=False)
        raise OperatorError("; ".join(map(_refused, refused))) from None
    except SettingsError as error:
        raise OperatorError(str(error)) from None


def _refused(one: ErrorDetails) -> str:
    name, *within = map(str, one["loc"])
    return f"{'.'.join([f'RIVYA_{name.upper()}', *within])}: {one['msg']}"


def run(data_dir: Path | None, command: Callable[[Pool], Awaitable[Answer]]) -> Answer:
    """Run a command against the installation's database; what is wrong with it goes to standard error, exit 1.

    With ``RIVYA_DATABASE_URL`` that database; otherwise the one in the data folder, through the server that
    ``rivya up`` runs on it, or one started for this command alone.
    """
    settings = settings_for(data_dir)

    async def connected() -> Answer:
        async with _pool(settings) as pool:
            return await command(pool)

    try:
        with in_reach():
            return asyncio.run(connected())
    except PublicError as error:
        fail(error.message)


@contextmanager
def in_reach() -> Generator[None]:
    """Raises OperatorError for a database that is not."""
    try:
        yield
    except (*CONNECTION_LOST, TimeoutError) as error:
        raise OperatorError(f"the database cannot be reached: {error}") from error


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with exit code 1."""
    print(f"rivya: {message}", file=sys.stderr)  # noqa: T201 - this is the command's answer
    raise typer.Exit(1)


@asynccontextmanager
async def _pool(settings: Settings) -> AsyncGenerator[Pool]:
    if settings.database_url is not None:
        async with open_pool(settings.database_url, size=2, application_name="rivya command") as pool:
            yield pool
        return
    from rivya.database import migrate
    from rivya.kit.embedded_postgres import EmbeddedPostgres, find_running

    if dsn := find_running(settings.data_dir):
        async with open_pool(dsn, size=2, application_name="rivya command") as pool:
            yield pool
        return
    server = EmbeddedPostgres(settings.data_dir, bin_dir=settings.postgres_bin, run_as=settings.postgres_user)
    dsn = await asyncio.to_thread(server.start)
    try:
        await migrate(dsn)
        async with open_pool(dsn, size=2, application_name="rivya command") as pool:
            yield pool
    finally:
        await asyncio.to_thread(server.stop)
