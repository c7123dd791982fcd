"""``rivya keys``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from rivya.accounts import service as accounts
from rivya.keys import service as keys
from rivya.keys.model import SCOPES, IssuedKey
from rivya.kit.db import Pool
from rivya.kit.ids import KeyId
from rivya.operator import DataDir, run

app = typer.Typer(help="API keys.", no_args_is_help=True)


@app.command()
def create(
    account: Annotated[str, typer.Option(help="The account's e-mail address.")],
    name: Annotated[str, typer.Option(help="A name to tell keys apart.")] = "default",
    scopes: Annotated[str | None, typer.Option(help="Scopes, separated by commas; all of them by default.")] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an API key; its secret is printed here and never again."""
    chosen = [scope.strip() for scope in scopes.split(",") if scope.strip()] if scopes is not None else SCOPES

    async def command(pool: Pool) -> IssuedKey:
        owner = await accounts.find(pool, email=account)
        return await keys.issue(pool, account=owner, name=name, scopes=chosen)

    made = run(data_dir, command)
    if as_json:
        typer.echo(
            json.dumps({"id": made.id, "key": made.secret, "name": name, "prefix": made.prefix, "scopes": made.scopes})
        )
        return
    typer.echo(f"Key {made.id}, shown this once:\n{made.secret}")


@app.command()
def revoke(key_id: str, data_dir: DataDir = None) -> None:
    """Revoke an API key, for good."""

    async def command(pool: Pool) -> None:
        await keys.revoke(pool, key=KeyId(key_id))

    run(data_dir, command)
    typer.echo(f"Key {key_id} is revoked.")
