"""rivya-voice: text read aloud by hibari-tts, one American English voice."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rivya.engines import params, references, sound
from rivya.engines.base import Artifact, InvalidInput, Job, Progress

_RATE = 24_000
_BIT_RATE = 96_000
_MOST_CHARACTERS = 5000
_SEED = 1
"""Of the voice's breath noise, so that the same text gives the same sound."""

_LONGEST = 260
"""Characters read in one go: what the model was made for, and what keeps its memory small."""
_AFTER_CLAUSE_S, _AFTER_SENTENCE_S, _AFTER_PARAGRAPH_S = 0.15, 0.4, 0.75
_QUIET = 0.01
_LEAD_S, _TAIL_S = 0.03, 0.08
_PEAK, _MOST_GAIN = 0.84, 6.0

_PARAGRAPH_END = re.compile(r"\n\s*\n")
_CLAUSE_END = re.compile(r"(?<=[,;:—])\s+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is read in one go, and the silence after it."""

    text: str
    pause_s: float


class VoiceEngine:
    def __init__(self) -> None:
        self._voice = _Voice()

    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        references.none(job)
        if len(job.prompt) > _MOST_CHARACTERS:
            raise InvalidInput(f"prompt: at most {_MOST_CHARACTERS} characters can be read")
        phrases = [
            (sounds, phrase.pause_s)
            for phrase in phrases_of(job.prompt, self._voice.sentences)
            for sounds in self._voice.sounds(phrase.text)
        ]
        if not phrases:
            raise InvalidInput("prompt: there is nothing in it that the English voice can say")
        speed = params.number(job.params, "speed", 1.0)
        parts: list[NDArray[np.float32]] = []
        for number, (sounds, pause_s) in enumerate(phrases):
            parts += [_trimmed(self._voice.say(sounds, speed)), _silence(pause_s / speed)]
            progress(5 + 90 * (number + 1) // len(phrases))
        speech = _levelled(np.concatenate([_silence(_LEAD_S), *parts[:-1], _silence(_TAIL_S)]))
        format = params.choice(job.params, "output_format", "mp3")
        return [sound.write(job.out_dir, speech[np.newaxis], rate=_RATE, format=format, bit_rate=_BIT_RATE)]


class _Voice:
    """hibari-tts, which has no types."""

    def __init__(self) -> None:
        self._hibari: Any = import_module("hibari").Hibari(threads=2)
        self._hibari.phonemize("Ready.")  # loads the dictionaries

    def sentences(self, text: str) -> list[str]:
        return list(self._hibari.split_sentences(text))

    def sounds(self, text: str) -> list[str]:
        """Return the phonemes to be said one after the other; none if the text has nothing that can be said."""
        return [sounds for sounds in self._hibari.phonemize(text) if any(sound.isalpha() for sound in sounds)]

    def say(self, sounds: str, speed: float) -> NDArray[np.float32]:
        return np.asarray(self._hibari.from_phonemes(sounds, speed, _SEED), np.float32)


def phrases_of(text: str, sentences: Callable[[str], list[str]]) -> list[Phrase]:
    """Cut the text where a reader breathes: after paragraphs and sentences, and long sentences after clauses."""
    phrases: list[Phrase] = []
    for paragraph in _PARAGRAPH_END.split(text):
        for sentence in sentences(paragraph):
            *clauses, last = _clauses(sentence)
            phrases += [Phrase(clause, _AFTER_CLAUSE_S) for clause in clauses]
            phrases.append(Phrase(last, _AFTER_SENTENCE_S))
        if phrases:
            phrases[-1] = replace(phrases[-1], pause_s=_AFTER_PARAGRAPH_S)
    return phrases


def _clauses(sentence: str) -> list[str]:
    """Return the sentence in pieces of at most ``_LONGEST``: at commas if it has them, else between words."""
    pieces: list[str] = []
    for clause in _CLAUSE_END.split(sentence):
        for line in textwrap.wrap(clause, _LONGEST) or [clause]:
            if pieces and len(pieces[-1]) + 1 + len(line) <= _LONGEST:
                pieces[-1] += f" {line}"
            else:
                pieces.append(line)
    return pieces


def _trimmed(said: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence before and after, which the voice makes longer than a reader would."""
    loud = np.flatnonzero(np.abs(said) > _QUIET * np.abs(said).max(initial=0.0))
    if not loud.size:
        return said[:0]
    return said[max(0, loud[0] - int(_LEAD_S * _RATE)) : loud[-1] + int(_TAIL_S * _RATE)]


def _levelled(speech: NDArray[np.float32]) -> NDArray[np.float32]:
    peak = float(np.abs(speech).max(initial=0.0))
    return speech * np.float32(min(_PEAK / peak, _MOST_GAIN) if peak > 0 else 1.0)


def _silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * _RATE), np.float32)
