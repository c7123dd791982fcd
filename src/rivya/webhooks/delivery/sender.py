"""Send one delivery and record what came of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import structlog

from rivya import metrics
from rivya.files.links import MediaLinks
from rivya.kit.clock import utc_now
from rivya.kit.outbound import Outbound
from rivya.kit.secrets import CannotOpen
from rivya.kit.tracing import span
from rivya.webhooks.delivery.lanes import Due, LaneKey
from rivya.webhooks.delivery.record import Record, Recorder
from rivya.webhooks.delivery.request import Response, post
from rivya.webhooks.delivery.schedule import Schedule
from rivya.webhooks.model import Endpoint
from rivya.webhooks.payload import payload
from rivya.webhooks.sealed import Secrets
from rivya.webhooks.signing import sign

log = structlog.get_logger()

_OURS = "Not sent: something went wrong on our side."


class Sender:
    """One a worker."""

    def __init__(
        self,
        recorder: Recorder,
        outbound: Outbound,
        *,
        secrets: Secrets,
        links: MediaLinks,
        schedule: Schedule,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._recorder = recorder
        self._outbound = outbound
        self._secrets = secrets
        self._links = links
        self._schedule = schedule
        self._chance = chance

    async def send(self, due: Due, endpoint: Endpoint) -> bool:
        """Send a delivery once; record the attempt and when the next is due. Return whether the endpoint took it.

        Raises what asyncpg raises when it cannot be recorded: it is then sent again.
        """
        if endpoint.status != "active":
            # It was made while the endpoint was being stopped: all others ended with it.
            response, wait_s = _unsent(f"Not sent: the endpoint was {endpoint.status}."), None
            await self._recorder(Record(due, response, wait_s, blame=False))
            return False
        about = due.task.id if due.task is not None else due.event.id
        with span("webhook.deliver", of=about, rivya__event=due.event.id, rivya__delivery=due.id) as traced:
            response = await self._post(due, endpoint)
            traced.set(rivya__taken=response is not None and response.taken)
        blame = response is not None
        response = response or _unsent(_OURS)
        wait_s = None
        if not response.taken and not response.gone:
            wait_s = self._schedule.wait_s(due.tries + 1, chance=self._chance(), asked_s=response.asked_s)
        await self._recorder(Record(due, response, wait_s, blame))
        log.info(
            "delivery.sent" if response.taken else "delivery.failed",
            delivery=due.id,
            endpoint=endpoint.id,
            event_id=due.event.id,
            status=response.status,
            error=response.error,
            duration_ms=response.duration_ms,
            next_in_s=round(wait_s, 1) if wait_s is not None else None,
        )
        return response.taken

    def forget(self, lanes: Iterable[LaneKey]) -> None:
        """Forget what is known of lanes that somebody else may have from now on."""
        self._recorder.forget(lanes)

    async def _post(self, due: Due, endpoint: Endpoint) -> Response | None:
        """Return None when it could not be made ready: no fault of the endpoint's."""
        now = utc_now()
        try:
            body = payload(due.event, due.task, self._links)
            signed = sign(self._secrets.live(endpoint, at=now), event_id=due.event.id, at=now, body=body)
        except CannotOpen:
            log.error("webhook.secret_unreadable", endpoint=endpoint.id, advice="set RIVYA_SECRET_KEY_OLD")
            return None
        except Exception:
            log.exception("delivery.not_made", delivery=due.id)
            return None
        response = await post(
            self._outbound, endpoint.url, headers={"Content-Type": "application/json", **signed}, body=body
        )
        outcome = "taken" if response.taken else "unreachable" if response.status is None else "refused"
        metrics.DELIVERIES.labels(outcome).inc()
        metrics.DELIVERY_SECONDS.observe(response.duration_ms / 1000)
        return response


def _unsent(error: str) -> Response:
    return Response(at=utc_now(), duration_ms=0, error=error)
