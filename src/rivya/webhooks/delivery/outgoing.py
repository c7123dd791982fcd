"""All that a worker needs to deliver, put together."""

from __future__ import annotations

from rivya.files.links import MediaLinks
from rivya.kit.db import Pool
from rivya.kit.ids import WorkerId
from rivya.kit.notify import NotifyHub
from rivya.kit.outbound import Outbound
from rivya.settings import Settings
from rivya.webhooks.delivery.deliverer import Deliverer
from rivya.webhooks.delivery.lanes import Lanes
from rivya.webhooks.delivery.record import Recorder
from rivya.webhooks.delivery.schedule import STANDARD, Schedule
from rivya.webhooks.delivery.sender import Sender
from rivya.webhooks.delivery.turns import Turns
from rivya.webhooks.sealed import Secrets
from rivya.webhooks.urls import webhook_policy


def open_outbound(settings: Settings) -> Outbound:
    """Return the client that delivers; to be closed."""
    policy = webhook_policy(allow_private=settings.webhooks_allow_private)
    return Outbound(policy, connections=settings.webhooks_in_flight)


def deliverer(
    settings: Settings,
    pool: Pool,
    hub: NotifyHub,
    outbound: Outbound,
    *,
    worker: WorkerId,
    links: MediaLinks,
    schedule: Schedule = STANDARD,
) -> Deliverer:
    """Return what delivers, for the worker of this name; to be made before ``hub`` runs. Raises MissingSecretKey."""
    return Deliverer(
        Lanes(pool, worker, lease_s=settings.worker_lease_s),
        Sender(Recorder(pool), outbound, secrets=Secrets.of(settings), links=links, schedule=schedule),
        Turns(each=settings.webhooks_endpoint_in_flight, most=settings.webhooks_in_flight),
        hub,
        lease_s=settings.worker_lease_s,
    )
