"""The Studio's pages, and the pieces of them that its scripts put in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from litestar import Response, get
from litestar.response import Redirect

from rivya.catalog.model import Category
from rivya.errors import NotFound
from rivya.http import Call
from rivya.keys.caller import Person
from rivya.wallet import service as wallet
from rivya.web.page import render
from rivya.web.studio.forms import Form, controls
from rivya.web.studio.offers import Offer, chosen, offers
from rivya.web.studio.person import reader
from rivya.web.studio.pieces import piece
from rivya.web.studio.references import given_again, given_result
from rivya.web.studio.views import WorkView, view_of
from rivya.web.studio.works import Work, Works
from rivya.web.visitor import visitor

_SHOWN = 24
_MAKING = ("image", "video", "audio")


@get("/")
async def studio() -> Redirect:
    """Lead to the first of the pages."""
    return Redirect("/studio/image", status_code=303)


@get([f"/{category}" for category in _MAKING])
async def make(request: Call) -> Response[str]:
    """Show the form of a model and what was made with models of its kind."""
    who = await reader(request)
    category = _category(request)
    form = await _form(request, who, category)
    works, after = await _works(request, who, category)
    return await render(
        request,
        "studio/make.html",
        visitor=await visitor(request),
        category=category,
        form=form,
        works=works,
        after=after,
        available=await _available(request, who),
    )


@get([f"/{category}/form" for category in _MAKING])
async def form_of(request: Call) -> Response[str]:
    """Return the form of the model ``?model=``, or filled as the task ``?from=`` was asked."""
    who = await reader(request)
    form = await _form(request, who, _category(request))
    if form is None:
        raise NotFound
    return piece("studio/form.html", form=form, available=await _available(request, who))


@get([f"/{category}/works" for category in _MAKING])
async def more_works(request: Call) -> Response[str]:
    """Return the works that come after the task ``?after=``."""
    who = await reader(request)
    category = _category(request)
    works, after = await _works(request, who, category)
    return piece("studio/works.html", works=works, after=after, category=category)


@get("/generations/{task_id:str}/card")
async def card(request: Call, task_id: str) -> Response[str]:
    """Return a work's card as it stands."""
    return piece("studio/card.html", work=await _view(request, task_id))


@get("/generations/{task_id:str}/details")
async def details(request: Call, task_id: str) -> Response[str]:
    """Return all that is known of a work."""
    return piece("studio/details.html", work=await _view(request, task_id))


async def _form(request: Call, who: Person, category: Category) -> Form | None:
    state, query = request.app.state, request.query_params
    found = offers(state.models, state.routing, category)
    if (earlier := query.get("from")) is not None:
        return await _filled(request, who, found, await _works_of(request).of(who.account, earlier))
    offer = chosen(found, query.get("model"))
    if (source := query.get("reference")) is not None:
        return await _with_results(request, found, offer, await _works_of(request).of(who.account, source))
    return Form(offer, found, controls=controls(offer.model, {})) if offer is not None else None


async def _filled(request: Call, who: Person, found: Sequence[Offer], work: Work) -> Form:
    """Return the form with what an earlier task was asked. Raises NotFound when its model is of another kind."""
    state = request.app.state
    offer = next((one for one in found if one.model.id == work.task.model), None)
    if offer is None:
        raise NotFound
    return Form(
        offer,
        found,
        prompt=work.prompt,
        controls=controls(offer.model, work.params),
        references=await given_again(
            work.inputs, model=offer.model, account=who.account, files=state.files, links=state.links
        ),
    )


async def _with_results(request: Call, found: Sequence[Offer], offer: Offer | None, work: Work) -> Form | None:
    """Return the form of a model that takes an earlier task's results, with them as its references."""
    media = work.task.result.media if work.task.result is not None else []
    given = [given_result(one.key, one.mime_type, request.app.state.links) for one in media]
    takers = [one for one in found if any(_takes(one, item.kind) for item in given)]
    asked = offer is not None and "model" in request.query_params
    offer = offer if asked and offer in takers else chosen(takers, None) or offer
    if offer is None:
        return None
    rule = offer.model.reference_media
    fitting = [item for item in given if _takes(offer, item.kind)][: rule.max_files if rule is not None else 0]
    return Form(offer, found, prompt=work.prompt, controls=controls(offer.model, {}), references=fitting)


def _takes(offer: Offer, kind: str) -> bool:
    rule = offer.model.reference_media
    return rule is not None and kind in rule.kinds


async def _works(request: Call, who: Person, category: Category) -> tuple[list[WorkView], str | None]:
    state = request.app.state
    models = [model.id for model in state.models.values() if model.category == category]
    works, more = await _works_of(request).recent(
        who.account, models=models, after=request.query_params.get("after"), most=_SHOWN
    )
    return [_shown(request, work) for work in works], works[-1].task.id if more else None


async def _view(request: Call, task: str) -> WorkView:
    who = await reader(request)
    return _shown(request, await _works_of(request).of(who.account, task))


def _shown(request: Call, work: Work) -> WorkView:
    state = request.app.state
    keep = timedelta(days=state.settings.media_retention_days)
    return view_of(work, models=state.models, links=state.links, keep=keep)


async def _available(request: Call, who: Person) -> int:
    return (await wallet.balance(request.app.state.pool, account=who.account)).available


def _works_of(request: Call) -> Works:
    return Works(request.app.state.pool)


def _category(request: Call) -> Category:
    return cast("Category", request.scope["path"].split("/")[2])
