"""Search in the documentation and the models, here and offline: an inverted index of sections, scored by BM25."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WORD = re.compile(r"[a-z0-9]+")
_HEADING_COUNTS = 6
_TITLE_COUNTS = 8
_WHOLE_COUNTS = 3.0
_BEGINNING_COUNTS = 1.0
_SNIPPET = 180
_K, _B = 1.4, 0.6
"""BM25's usual constants; sections are short, so length counts a little less."""


@dataclass(frozen=True)
class Entry:
    """Something that is found. ``kind`` is what it is of: Docs, Models, API."""

    kind: str
    title: str
    heading: str
    url: str
    text: str


@dataclass(frozen=True)
class Hit:
    entry: Entry
    snippet: Markup


class Index:
    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = list(entries)
        counts = [_counts(entry) for entry in self._entries]
        self._lengths = [sum(count.values()) for count in counts]
        self._mean = sum(self._lengths) / max(1, len(self._lengths))
        self._found: dict[str, dict[int, int]] = {}
        for number, count in enumerate(counts):
            for word, times in count.items():
                self._found.setdefault(word, {})[number] = times

    def search(self, query: str, *, most: int = 30) -> list[Hit]:
        """Return what holds all words of a query, the best first; a word may be the beginning of one."""
        words = list(dict.fromkeys(_words(query)))[:10]
        if not words:
            return []
        scores = [self._scores(word) for word in words]
        everywhere = set(scores[0]).intersection(*scores[1:])
        ranked = sorted(everywhere, key=lambda number: -sum(score[number] for score in scores))
        return [Hit(self._entries[number], _snippet(self._entries[number].text, words)) for number in ranked[:most]]

    def _scores(self, word: str) -> Mapping[int, float]:
        scores: dict[int, float] = {}
        for known, sections in self._found.items():
            if not known.startswith(word):
                continue
            weight = _WHOLE_COUNTS if known == word else _BEGINNING_COUNTS
            rarity = math.log(1 + len(self._entries) / len(sections))
            for number, times in sections.items():
                length = _K * (1 - _B + _B * self._lengths[number] / self._mean)
                score = weight * rarity * times * (_K + 1) / (times + length)
                scores[number] = max(scores.get(number, 0.0), score)
        return scores


def _counts(entry: Entry) -> Counter[str]:
    counts = Counter(_words(entry.text))
    for text, weight in ((entry.heading, _HEADING_COUNTS), (entry.title, _TITLE_COUNTS)):
        for word in _words(text):
            counts[word] += weight
    return counts


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _snippet(text: str, words: Sequence[str]) -> Markup:
    """Return the part of a text in which the first of the words stands, with all of them marked."""
    line = " ".join(text.split())
    wanted = re.compile("|".join(rf"\b{re.escape(word)}" for word in words), re.IGNORECASE)
    first = wanted.search(line)
    start = max(0, first.start() - _SNIPPET // 3) if first else 0
    start = line.find(" ", start) + 1 if start else 0
    part = line[start : start + _SNIPPET]
    shown = Markup("… ") if start else Markup()
    at = 0
    for found in wanted.finditer(part):
        shown += escape(part[at : found.start()]) + Markup("<mark>{}</mark>").format(found[0])
        at = found.end()
    return shown + escape(part[at:]) + (Markup(" …") if start + _SNIPPET < len(line) else Markup())
