"""A chat provider with a circuit for each of its models: one that keeps failing is not offered for a while."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from rivya.providers.chat import ChatFailed, ChatProvider, Question, Reply
from rivya.providers.circuit import Circuit, Circuits

_CALLERS_FAULTS = ("too_long", "rejected")


class GuardedChat:
    """``serves`` is where a turn is turned away: whoever got past it is asked, and counted."""

    def __init__(self, provider: ChatProvider, circuits: Circuits) -> None:
        self.name = provider.name
        self.searches_web = provider.searches_web
        self._provider = provider
        self._circuits = circuits

    def serves(self, target: str) -> bool:
        return self._provider.serves(target) and self._circuit(target).state != "open"

    @asynccontextmanager
    async def ask(self, question: Question) -> AsyncGenerator[Reply]:
        circuit = self._circuit(question.target)
        circuit.enter()
        try:
            async with self._provider.ask(question) as reply:
                yield reply
        except ChatFailed as error:
            circuit.note("nothing" if error.reason in _CALLERS_FAULTS else "fails")
            raise
        circuit.note("works")

    async def close(self) -> None:
        await self._provider.close()

    def _circuit(self, target: str) -> Circuit:
        return self._circuits.of(f"{self.name}.{target}")
