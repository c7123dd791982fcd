"""Every page of the web product: a room with pages adds its routers, and the answers to its own errors, here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler

from rivya.errors import PublicError
from rivya.web import assets, notifications, problems
from rivya.web.accounts.routes import router as accounts
from rivya.web.admin.routes import router as admin
from rivya.web.dashboard.routes import dashboard
from rivya.web.debugger.routes import debugger
from rivya.web.docs import models
from rivya.web.docs import routes as docs
from rivya.web.history.routes import router as history
from rivya.web.pages import developers, home
from rivya.web.studio.router import router as studio
from rivya.web.visitor import SignInFirst, answer_sign_in_first

ROUTERS: Sequence[ControllerRouterHandler] = [
    assets.router,
    home.home,
    developers.developers,
    docs.docs,
    docs.page,
    docs.reference,
    docs.reference_text,
    docs.search,
    docs.llms,
    docs.llms_full,
    models.models,
    models.models_text,
    models.model,
    debugger,
    dashboard,
    history,
    accounts,
    admin,
    notifications.router,
    studio,
]

ANSWERS: Mapping[type[Exception], Any] = {
    SignInFirst: answer_sign_in_first,
    PublicError: problems.answer_public,
    HTTPException: problems.answer_framework,
    Exception: problems.answer_broken,
}
