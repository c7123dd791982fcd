"""From a prompt to a ``Scene``: word rules first, then embeddings for what no rule names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from rivya.engines.sketch import subject_words, words
from rivya.engines.sketch.embed import VENDOR, Embedder
from rivya.engines.sketch.habits import BY_KIND, HABITATS, NATURAL, PROTOTYPES
from rivya.engines.sketch.nouns import Noun, by_name, labels, nouns
from rivya.engines.sketch.raster import Field
from rivya.engines.sketch.scene import Scene, Wish
from rivya.engines.sketch.sprites import TINTS

# Measured with 41 words for things and 41 for ideas: above this lie 33 of the former ("trombone" finds the
# trumpet; "hatchling" wrongly the hatchback) and one of the latter ("memory" finds the ram).
NEAR_ENOUGH = 0.68
KIND_NEAR_ENOUGH = 0.3
MOST_SUBJECTS = 4
MOST_COPIES = 8


@dataclass(slots=True)
class _Reading:
    """What the words of one prompt gave so far."""

    tokens: list[str]
    used: set[int] = field(default_factory=set[int])
    places: list[str] = field(default_factory=list[str])
    time: str | None = None
    weather: str | None = None
    season: str | None = None
    extras: set[str] = field(default_factory=set[str])


def read(prompt: str, *, seed: int | None = None, embedder: Embedder | None = None) -> Scene:
    """What to draw for ``prompt``. Pure: the same prompt and seed give the same scene."""
    if seed is None:
        seed = seed_for(prompt)
    found = _Reading(re.findall(r"[a-z0-9']+", prompt.lower().replace("-", " ")))
    wishes = _subjects(found)
    _rules(found)
    vector = embedder.embed([prompt])[0] if embedder else None
    if not wishes and embedder:
        wishes = _nearest_noun(found, embedder)
    kind = _kind(found, wishes, vector, embedder)
    wishes, kind = _settle(found, wishes, kind)
    time, weather, season = _air(found, kind, wishes)
    return Scene(
        kind=kind, time=time, weather=weather, season=season, subjects=tuple(wishes[:MOST_SUBJECTS]),
        palette=_palette(found),
        extras=frozenset(found.extras), seed=seed,
        words=tuple(float(v) for v in vector[:8]) if vector is not None else (),
    )  # fmt: skip


def seed_for(prompt: str) -> int:
    return int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:6], "big")


def _phrase(found: _Reading, i: int, n: int) -> str:
    return " ".join(found.tokens[i : i + n])


def _rules(found: _Reading) -> None:
    """Time, weather, season, place and extras, phrases before words."""
    for n in (4, 3, 2, 1):
        for i in range(len(found.tokens) - n + 1):
            text = _phrase(found, i, n)
            if text in words.EXTRAS:
                found.extras.add(words.EXTRAS[text])
            if any(j in found.used for j in range(i, i + n)):
                continue
            hit = False
            if text in words.TIMES:
                found.time, hit = found.time or words.TIMES[text], True
            if text in words.WEATHERS:
                found.weather, hit = found.weather or words.WEATHERS[text], True
            if text in words.SEASONS:
                found.season, hit = found.season or words.SEASONS[text], True
            if text in words.PLACES:
                found.places.append(words.PLACES[text])
                hit = True
            if hit and n > 1:
                found.used.update(range(i, i + n))


def _subjects(found: _Reading) -> list[Wish]:
    """Nouns named word for word, each with the count, size and colour said just before it."""
    wishes: list[Wish] = []
    taken: set[int] = set()
    blocked: set[int] = set()
    places: list[int] = []
    for n in (3, 2, 1):
        for i in range(len(found.tokens) - n + 1):
            if (taken | blocked) & set(range(i, i + n)):
                continue
            text = _phrase(found, i, n)
            noun, plural = _lookup(text, n, found.tokens, i)
            if noun is None:
                if n > 1 and (text in words.PLACES or text in words.EXTRAS or text in words.TIMES):
                    blocked |= set(range(i, i + n))
                continue
            taken |= set(range(i, i + n))
            wishes.append(_wish(found, noun, i, n, plural))
            places.append(i)
    found.used |= taken
    ordered = [wish for _, wish in sorted(zip(places, wishes, strict=True), key=lambda one: one[0])]
    merged: dict[str, Wish] = {}
    for wish in ordered:
        merged.setdefault(wish.noun, wish)
    return list(merged.values())


def _lookup(text: str, n: int, tokens: list[str], i: int) -> tuple[str | None, bool]:
    names = by_name()
    if n == 1 and text in subject_words.NEVER_NOUNS:
        spoken = i > 0 and tokens[i - 1] in ("a", "an", "the", "one", "lone", "single")
        ends = i + 1 == len(tokens) or tokens[i + 1] in subject_words.STOP
        return (subject_words.ALONE_NOUNS.get(text), False) if spoken and ends and text not in TINTS else (None, False)
    if n == 1 and (text in subject_words.STOP or text in words.TIMES or text in words.WEATHERS):
        return None, False
    if text in words.EXTRAS and text not in ("lavender", "oak", "tulips", "sunflowers"):
        return None, False
    if text in names:
        return names[text], text in ("deer", "ewe") or (text.endswith("s") and text[:-1] in names)
    for ending, put in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if text.endswith(ending) and text[: -len(ending)] + put in names:
            single = text[: -len(ending)] + put
            return (
                (None, False)
                if single in subject_words.NEVER_NOUNS and single not in ("orange", "watch", "key", "shell")
                else (names[single], True)
            )
    odd = {
        "mice": "mouse",
        "geese": "goose",
        "men": "man",
        "women": "woman",
        "children": "child",
        "people": "person-walking",
        "wolves": "wolf",
        "sheep": "ewe",
        "oxen": "ox",
    }
    return (odd[text], text != "sheep") if text in odd else (None, False)


def _wish(found: _Reading, noun: str, i: int, n: int, plural: bool) -> Wish:
    before = found.tokens[max(0, i - 4) : i]
    for stop in ("and", "with", "in", "on", "near", "beside", "over", "under"):
        if stop in before:
            before = before[before.index(stop) + 1 :]
    count = 3 if plural else 1
    scale, tint = 1.0, None
    for k, word in enumerate(before):
        if word in subject_words.COUNTS and (
            word not in subject_words.COLLECTIVES or (k + 1 < len(before) and before[k + 1] == "of")
        ):
            count = subject_words.COUNTS[word]
        scale *= subject_words.SIZES.get(word, 1.0)
        if word in TINTS and k >= len(before) - 3:
            tint = word
    if tint in NATURAL.get(noun, ()):
        tint = None
    follows = found.tokens[i + n : i + n + 1]
    if follows and follows[0] in subject_words.COLLECTIVES:
        count = subject_words.COUNTS[follows[0]]
    after = set(found.tokens[i + n : i + n + 2])
    air = bool(after & subject_words.FLYING or set(before) & subject_words.FLYING)
    return Wish(noun, min(count, MOST_COPIES), min(max(scale, 0.45), 1.7), tint, air)


def _nearest_noun(found: _Reading, embedder: Embedder) -> list[Wish]:
    """The noun nearest to any word left over, when one is near enough."""
    left = [
        t for i, t in enumerate(found.tokens) if i not in found.used and len(t) > 2 and t.isalpha() and not _known(t)
    ]
    best: tuple[float, str] = (NEAR_ENOUGH, "")
    for word in left[:12]:
        near = _vectors() @ embedder.embed([word])[0]
        k = int(near.argmax())
        name = labels()[k]
        if float(near[k]) > best[0] and name not in subject_words.NEVER_NOUNS:
            best = (float(near[k]), by_name()[name])
    return [Wish(best[1])] if best[1] else []


def _known(word: str) -> bool:
    tables = (
        subject_words.STOP,
        words.TIMES,
        words.WEATHERS,
        words.SEASONS,
        words.PLACES,
        words.EXTRAS,
        subject_words.COUNTS,
        subject_words.SIZES,
        subject_words.PRODUCTS,
        subject_words.NEVER_NOUNS,
        TINTS,
    )
    return any(word in table or word.removesuffix("s") in table for table in tables)


@cache
def _vectors() -> Field:
    return np.load(VENDOR / "nouns.npy").astype(np.float32)


@cache
def _kind_vectors(embedder: Embedder) -> Field:
    return embedder.embed(list(PROTOTYPES.values()))


def _kind(found: _Reading, wishes: list[Wish], vector: Field | None, embedder: Embedder | None) -> str:
    if found.places:
        return min(found.places, key=lambda place: words.RANK[place])
    if any(e.startswith("flower:") for e in found.extras):
        return "meadow"
    if "blossom" in found.extras:
        return "garden"
    if wishes:
        lead: Noun = nouns()[wishes[0].noun]
        if wishes[0].air and lead.kind != "air":
            return "sky"
        return HABITATS.get(lead.id) or BY_KIND[lead.kind]
    if found.season == "winter" or found.weather == "snow":
        return "snow"
    if set(found.tokens) & subject_words.PRODUCTS.keys():
        return "studio"
    if vector is not None and embedder is not None and found.tokens:
        near = _kind_vectors(embedder) @ vector
        k = int(near.argmax())
        if float(near[k]) >= KIND_NEAR_ENOUGH:
            return list(PROTOTYPES)[k]
        if not (found.time or found.weather):
            return "abstract"
    return "mountains" if found.time or found.weather else "abstract"


def _settle(found: _Reading, wishes: list[Wish], kind: str) -> tuple[list[Wish], str]:
    """Take out what the backdrop shows already, and settle what a subject and a place disagree on."""
    flowers = {"sunflower": "sunflower", "tulip": "tulip", "hyacinth": "lavender"}
    if kind in ("field", "meadow", "garden", "village"):
        for wish in list(wishes):
            if wish.noun in flowers and (
                wish.count > 1 or kind == "field" or f"flower:{flowers[wish.noun]}" in found.extras
            ):
                wishes.remove(wish)
                found.extras.add(f"flower:{flowers[wish.noun]}")
        if any(e.startswith("flower:") for e in found.extras) and kind == "field":
            kind = "meadow"
    if kind in ("forest", "jungle", "mountains", "lake"):
        wishes = [w for w in wishes if w.noun not in ("evergreen-tree", "deciduous-tree") or w.tint]
    if kind == "beach" and len(wishes) > 1:
        wishes = [w for w in wishes if w.noun != "palm-tree"]
    if "blossom" in found.extras:
        found.extras.add("petals")
    if kind == "street" and any(nouns()[w.noun].kind == "boat" for w in wishes):
        kind = "city"
    if kind == "city":
        if any(nouns()[w.noun].kind == "boat" for w in wishes):
            found.extras.add("river")
        elif any(nouns()[w.noun].kind in ("vehicle", "person", "animal") for w in wishes):
            kind = "street"
    if kind in ("mountains", "forest", "meadow") and any(nouns()[w.noun].kind in ("boat", "float") for w in wishes):
        kind = "lake"
    if kind == "mountains" and "snowy" in found.tokens and any(nouns()[w.noun].kind != "building" for w in wishes):
        kind = "snow"
    if kind == "studio":
        wishes = _on_the_plinth(found, wishes)
    if kind == "studio" and not set(found.tokens) & subject_words.COUNTS.keys():
        wishes = [replace(w, count=1) for w in wishes]
    if kind in ("mountains", "meadow", "forest") and any(w.noun in ("skier", "sled") for w in wishes):
        kind = "snow"
    if kind == "underwater" and not found.places and found.time and any(w.noun == "whale" for w in wishes):
        kind = "sea"
        wishes = [replace(w, noun="spouting-whale") if w.noun == "whale" else w for w in wishes]
    if kind == "portrait" and not wishes and "portrait" not in found.places:
        kind = "abstract"
    if kind == "portrait" and not wishes:
        wishes = [Wish("woman" if sum(map(len, found.tokens)) % 2 else "man")]
    return wishes, kind


def _on_the_plinth(found: _Reading, wishes: list[Wish]) -> list[Wish]:
    """A product of our own when one is named, or when nothing is; else the subjects as they are."""
    named = [t.removesuffix("s") for t in found.tokens if t.removesuffix("s") in subject_words.PRODUCTS]
    clear = [t for t in named if subject_words.PRODUCTS[t] in (t, "pump") or t in ("candle", "vase", "perfume")]
    if not named and wishes:
        return wishes
    for wish in wishes:
        if wish.noun in TINTS:
            found.used.discard(found.tokens.index(wish.noun))
    found.extras.add("product:" + subject_words.PRODUCTS[(clear or named or ["bottle"])[0]])
    return []


def _air(found: _Reading, kind: str, wishes: list[Wish]) -> tuple[str, str, str]:
    season = found.season or "summer"
    weather = found.weather or "clear"
    if kind == "snow":
        season = "winter"
    time = found.time or "day"
    if found.time is None and weather == "clear" and kind in ("desert", "canyon", "field"):
        time = "golden"
    return time, weather, season


def _palette(found: _Reading) -> str | None:
    return next((t for i, t in enumerate(found.tokens) if t in TINTS and i not in found.used), None)
