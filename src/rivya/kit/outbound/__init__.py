"""The one client for requests that leave: bounded in time and size, and never led into the network we stand in.

A URL that a user gave is checked three times: its text (``urls.py``), every address that its host has, in the
resolver, and the very address that a socket is about to connect to (``connector.py``). A name that resolves to
something else a moment later leads nowhere new, because nobody asks again in between.
"""

from rivya.kit.outbound.client import Answer, Outbound
from rivya.kit.outbound.outcomes import Broken, NotPublic, OutboundError, Refused, TooLarge, TooSlow, Unreachable
from rivya.kit.outbound.patience import Patience
from rivya.kit.outbound.urls import OPERATORS, PUBLIC, Policy, checked_url

__all__ = [
    "OPERATORS",
    "PUBLIC",
    "Answer",
    "Broken",
    "NotPublic",
    "Outbound",
    "OutboundError",
    "Patience",
    "Policy",
    "Refused",
    "TooLarge",
    "TooSlow",
    "Unreachable",
    "checked_url",
]
