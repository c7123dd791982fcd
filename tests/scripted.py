"""An installation where every model that there is can be called: scripted providers answer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rivya.accounts import service as accounts
from rivya.catalog.loader import load
from rivya.keys import service as keys
from rivya.keys.model import SCOPES
from rivya.kit.db import open_pool


def all_scripted(folder: Path, *, chat_url: str, catalog: Path | None = None) -> dict[str, str]:
    """Return the settings of such an installation; its providers file is written into ``folder``.

    ``chat_url`` is where tests/chat/upstream.py answers for the chat models.
    """
    route = '[[routes]]\nmodel = "{}"\nprovider = "{}"\ntarget = "scripted"\n'
    models = {id: model.is_async for id, model in load(folder=catalog).items() if id != "scripted"}
    routes = [route.format(id, "scripted" if is_async else "talker") for id, is_async in models.items()]
    providers = folder / "providers.toml"
    providers.write_text(f'[providers.talker]\nkind = "openai"\nurl = "{chat_url}"\n' + "".join(routes))
    own = {"RIVYA_CATALOG_DIR": str(catalog)} if catalog is not None else {}
    return {"RIVYA_PROVIDERS_FILE": str(providers), **own}


def new_key(database_url: str, *, name: str, credits: int, scopes: Sequence[str] = SCOPES) -> str:
    """Make an account with credits; return the secret of a key of it."""

    async def make() -> str:
        async with open_pool(database_url, size=1) as pool:
            account = await accounts.create(pool, email=f"{name}@example.com", credits=credits)
            return (await keys.issue(pool, account=account.id, scopes=scopes)).secret

    return asyncio.run(make())
