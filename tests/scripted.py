"""An installation where every model that there is can be called: the scripted provider answers for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rivya.accounts import service as accounts
from rivya.catalog.loader import load
from rivya.keys import service as keys
from rivya.keys.model import SCOPES
from rivya.kit.db import open_pool


def all_scripted(folder: Path, *, catalog: Path | None = None) -> dict[str, str]:
    """Return the settings of such an installation; its providers file is written into ``folder``."""
    route = '[[routes]]\nmodel = "{}"\nprovider = "scripted"\ntarget = "scripted"\n'
    models = [id for id, model in load(folder=catalog).items() if model.is_async and id != "scripted"]
    providers = folder / "providers.toml"
    providers.write_text("[providers]\n" + "".join(route.format(model) for model in models))
    own = {"RIVYA_CATALOG_DIR": str(catalog)} if catalog is not None else {}
    return {"RIVYA_PROVIDERS_FILE": str(providers), **own}


def new_key(database_url: str, *, name: str, credits: int, scopes: Sequence[str] = SCOPES) -> str:
    """Make an account with credits; return the secret of a key of it."""

    async def make() -> str:
        async with open_pool(database_url, size=1) as pool:
            account = await accounts.create(pool, email=f"{name}@example.com", credits=credits)
            return (await keys.issue(pool, account=account.id, scopes=scopes)).secret

    return asyncio.run(make())
