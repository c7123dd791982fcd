"""/: to the dashboard for who is signed in, to the developer landing for everybody else."""

from __future__ import annotations

from litestar import get
from litestar.response import Redirect

from rivya.http import Call
from rivya.web.visitor import visitor


@get("/")
async def home(request: Call) -> Redirect:
    """Lead on to where a person wants to be."""
    who = await visitor(request)
    return Redirect("/dashboard" if who is not None else "/developers", status_code=303)
