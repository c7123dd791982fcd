"""From a plan to a score: chords for every bar, then each player's notes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rivya.engines.music import accompany, drums, melody
from rivya.engines.music.accompany import Bar
from rivya.engines.music.harmony import Chord, chord, lead_voices, progression
from rivya.engines.music.orchestra import Voice
from rivya.engines.music.plan import Plan, Section, dice_of
from rivya.engines.music.score import Note, Part, Score

_RINGS_ON_BEATS = 8
_CENTRES = {
    Voice.FLUTE: 79, Voice.MUSIC_BOX: 84, Voice.BRASS: 67, Voice.CLARINET: 69, Voice.GUITAR: 69,
    Voice.STEEL_GUITAR: 69, Voice.CHOIR: 67, Voice.PAD: 67, Voice.ORGAN: 72,
}  # fmt: skip
"""The note around which an instrument sings, where it is not the D above middle C's octave."""
_USUAL_CENTRE = 74


@dataclass(frozen=True, slots=True)
class Placed:
    """A section in its place, with its bars."""

    section: Section
    bars: Sequence[Bar]

    @property
    def start(self) -> float:
        return self.bars[0].start


def compose(plan: Plan) -> Score:
    """Return the whole piece. The same plan always gives the same score."""
    placed = _placed(plan)
    style = plan.style
    bars = [bar for each in placed for bar in each.bars]
    last = bars[-1]
    body = bars[:-1]
    parts = [
        _part("melody", plan.lead, _melody(plan, placed), 112, 0.12, style.reverb),
        _part("chords", plan.chords, _each(plan, body, "chords", last), 84, -0.28, style.reverb),
        _part("bass", plan.bass, _each(plan, body, "bass", last), 90, 0.0, 12),
    ]
    if plan.pad is not None:
        pads = [note for bar in bars if bar.intensity > 0.3 for note in accompany.pad(bar)]
        parts.append(_part("pad", plan.pad, pads, 66, 0.2, max(style.reverb, 60)))
    if plan.drums:
        parts.append(replace(_part("drums", style.kit, _drums(plan, placed), 92, 0.0, style.reverb // 3), drums=True))
    swung = [replace(part, notes=_swung(part.notes, style.swing)) for part in parts]
    return Score(plan.tempo, plan.bars * plan.metre + _RINGS_ON_BEATS, swung)


def _placed(plan: Plan) -> list[Placed]:
    chords = _chords(plan)
    voicings = lead_voices(chords)
    placed: list[Placed] = []
    number = 0
    for section in plan.sections:
        bars: list[Bar] = []
        for _ in range(section.bars):
            following = chords[min(number + 1, len(chords) - 1)]
            start = float(number * plan.metre)
            bars.append(
                Bar(start, plan.metre, chords[number], following, voicings[number], min(section.intensity, 1.0))
            )
            number += 1
        placed.append(Placed(section, bars))
    return placed


def _chords(plan: Plan) -> list[Chord]:
    """A progression goes round in each section, the answer has its own, and the piece ends at home."""
    dice = dice_of(plan.seed, "chords")
    jazz = plan.style.sevenths
    first, second = (progression(plan.scale_name, plan.brightness, jazz=jazz, dice=dice) for _ in range(2))
    degrees: list[int] = []
    for section in plan.sections:
        circle = second if section.theme == "b" else first
        degrees += [circle[number % len(circle)] for number in range(section.bars)]
    degrees[-1] = 0
    if len(degrees) > 2:
        degrees[-2] = 4 if 11 in plan.scale else 6  # a dominant needs its leading note
    return [chord(degree, plan.tonic, plan.scale, seventh=jazz) for degree in degrees]


def _melody(plan: Plan, placed: Sequence[Placed]) -> list[Note]:
    dice = dice_of(plan.seed, "melody")
    subjects = {theme: melody.motif(plan.metre, plan.energy, dice) for theme in "ab"}
    centre = _CENTRES.get(plan.lead, _USUAL_CENTRE)
    notes: list[Note] = []
    for each in placed:
        if not each.section.theme:
            continue
        higher = 4 if each.section.name == "climax" else 0
        sung = melody.sing(
            subjects[each.section.theme],
            [bar.chord for bar in each.bars],
            tonic=plan.tonic,
            scale=plan.scale,
            centre=centre + higher,
            metre=plan.metre,
            dice=dice_of(plan.seed, "melody", each.section.theme),
        )
        louder = 0.78 + 0.34 * each.section.intensity
        notes += [
            replace(note, start=note.start + each.start, velocity=min(127, round(note.velocity * louder)))
            for note in sung
        ]
    return notes


def _each(plan: Plan, body: Iterable[Bar], player: str, last: Bar) -> list[Note]:
    """Return a player's pattern for each bar, and a held chord for the last."""
    dice = dice_of(plan.seed, player)
    if player == "chords":
        notes = [note for bar in body for note in accompany.chords(plan.style.chord_pattern, bar, dice)]
        return notes + accompany.chords("hold", last, dice)
    notes = [note for bar in body for note in accompany.bass(plan.style.bass_pattern, bar, dice)]
    return notes + accompany.bass("drone", last, dice)


def _drums(plan: Plan, placed: Sequence[Placed]) -> list[Note]:
    dice = dice_of(plan.seed, "drums")
    pattern = "waltz" if plan.metre == 3 else plan.style.drum_pattern
    notes: list[Note] = []
    for number, each in enumerate(placed):
        ends = number == len(placed) - 1
        if number > 0 and each.section.intensity > 0.55:
            notes.append(drums.crash(each.start, each.section.intensity))
        for place, bar in enumerate(each.bars):
            leads_on = place == len(each.bars) - 1
            if leads_on and ends:
                notes.append(drums.crash(bar.start, bar.intensity))
            elif leads_on and len(each.bars) > 1 and each.section.name != "intro":
                notes += drums.fill(bar.start, metre=plan.metre, intensity=bar.intensity, dice=dice)
            else:
                notes += drums.bar(
                    pattern, bar.start, metre=plan.metre, intensity=bar.intensity, number=place, dice=dice
                )
    return notes


def _swung(notes: Sequence[Note], swing: float) -> list[Note]:
    """Play the second eighth of each beat later: by a third of an eighth where ``swing`` is 1."""
    return [replace(note, start=note.start + swing / 6) if abs(note.start % 1 - 0.5) < 0.01 else note for note in notes]


def _part(name: str, program: int, notes: Sequence[Note], volume: int, pan: float, reverb: int) -> Part:
    return Part(name, int(program), notes, volume, pan, min(reverb, 127))
