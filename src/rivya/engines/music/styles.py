"""The styles the composer knows, as data: who plays, how fast, and by which patterns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rivya.engines.music.orchestra import ACOUSTIC_KIT, ELECTRONIC_KIT, Voice

Bass = Literal["root", "pulse", "walk", "octaves", "drone", "two", "bounce"]
Chords = Literal["hold", "broken", "stabs", "strum", "waltz", "comp", "pulse"]
Drums = Literal["none", "rock", "pop", "four", "swing", "hop", "halftime", "march", "latin", "soft", "waltz"]


@dataclass(frozen=True, slots=True)
class Style:
    """``energy`` and ``brightness`` are -1 to 1 and only a beginning: the prompt's words move them."""

    tempo: tuple[int, int]
    lead: tuple[Voice, ...]
    chords: tuple[Voice, ...]
    bass: tuple[Voice, ...]
    chord_pattern: Chords
    bass_pattern: Bass
    drum_pattern: Drums = "none"
    pad: Voice | None = None
    kit: int = ACOUSTIC_KIT
    energy: float = 0.0
    brightness: float = 0.2
    sevenths: bool = False
    swing: float = 0.0
    metre: int = 4
    reverb: int = 50


STYLES: Mapping[str, Style] = {
    "pop": Style(
        (100, 122), (Voice.PIANO, Voice.LEAD), (Voice.PIANO, Voice.STEEL_GUITAR), (Voice.BASS_GUITAR,),
        "strum", "pulse", "pop", Voice.STRINGS, energy=0.3, brightness=0.5,
    ),
    "rock": Style(
        (118, 148), (Voice.LEAD, Voice.BRASS), (Voice.STEEL_GUITAR, Voice.ORGAN), (Voice.BASS_GUITAR,),
        "pulse", "pulse", "rock", energy=0.7, brightness=0.1, reverb=35,
    ),
    "electronic": Style(
        (120, 132), (Voice.LEAD,), (Voice.LEAD, Voice.PAD), (Voice.SYNTH_BASS,),
        "stabs", "octaves", "four", Voice.PAD, ELECTRONIC_KIT, energy=0.7, brightness=0.1,
    ),
    "ambient": Style(
        (62, 78), (Voice.FLUTE, Voice.VIBRAPHONE, Voice.PIANO), (Voice.HARP, Voice.ELECTRIC_PIANO), (Voice.SYNTH_BASS,),
        "broken", "drone", "none", Voice.PAD, energy=-0.8, brightness=0.2, sevenths=True, reverb=95,
    ),
    "cinematic": Style(
        (84, 112), (Voice.BRASS, Voice.STRINGS), (Voice.STRINGS,), (Voice.UPRIGHT_BASS,),
        "pulse", "pulse", "march", Voice.CHOIR, energy=0.5, brightness=-0.3, reverb=85,
    ),
    "classical": Style(
        (84, 116), (Voice.STRINGS, Voice.FLUTE, Voice.CLARINET), (Voice.PIANO, Voice.HARP), (Voice.UPRIGHT_BASS,),
        "broken", "two", "none", Voice.STRINGS, energy=-0.1, brightness=0.3, reverb=75,
    ),
    "piano": Style(
        (66, 92), (Voice.PIANO,), (Voice.PIANO,), (Voice.PIANO,),
        "broken", "root", "none", energy=-0.5, brightness=0.0, reverb=70,
    ),
    "jazz": Style(
        (108, 150), (Voice.CLARINET, Voice.VIBRAPHONE, Voice.PIANO), (Voice.PIANO,), (Voice.UPRIGHT_BASS,),
        "comp", "walk", "swing", energy=0.1, brightness=0.2, sevenths=True, swing=0.6,
    ),
    "lofi": Style(
        (70, 86), (Voice.VIBRAPHONE, Voice.ELECTRIC_PIANO, Voice.GUITAR), (Voice.ELECTRIC_PIANO,),
        (Voice.UPRIGHT_BASS,),
        "comp", "root", "hop", energy=-0.4, brightness=0.0, sevenths=True, swing=0.35,
    ),
    "hiphop": Style(
        (78, 96), (Voice.ELECTRIC_PIANO, Voice.LEAD), (Voice.ELECTRIC_PIANO, Voice.STRINGS), (Voice.SYNTH_BASS,),
        "stabs", "bounce", "hop", None, ELECTRONIC_KIT, energy=0.2, brightness=-0.3, sevenths=True, swing=0.2,
    ),
    "trap": Style(
        (132, 146), (Voice.VIBRAPHONE, Voice.LEAD), (Voice.PAD,), (Voice.SYNTH_BASS,),
        "hold", "bounce", "halftime", Voice.CHOIR, ELECTRONIC_KIT, energy=0.4, brightness=-0.6,
    ),
    "folk": Style(
        (92, 120), (Voice.FLUTE, Voice.GUITAR), (Voice.STEEL_GUITAR, Voice.GUITAR), (Voice.UPRIGHT_BASS,),
        "strum", "two", "soft", energy=0.1, brightness=0.5,
    ),
    "latin": Style(
        (104, 128), (Voice.BRASS, Voice.FLUTE), (Voice.GUITAR, Voice.PIANO), (Voice.BASS_GUITAR,),
        "stabs", "bounce", "latin", energy=0.5, brightness=0.4,
    ),
    "funk": Style(
        (98, 114), (Voice.BRASS, Voice.CLARINET), (Voice.STEEL_GUITAR, Voice.ORGAN), (Voice.BASS_GUITAR,),
        "stabs", "bounce", "rock", energy=0.5, brightness=0.2, sevenths=True, swing=0.1,
    ),
    "march": Style(
        (108, 122), (Voice.BRASS, Voice.FLUTE), (Voice.BRASS,), (Voice.UPRIGHT_BASS,),
        "stabs", "two", "march", energy=0.5, brightness=0.6,
    ),
    "waltz": Style(
        (120, 168), (Voice.STRINGS, Voice.CLARINET, Voice.FLUTE), (Voice.PIANO, Voice.HARP), (Voice.UPRIGHT_BASS,),
        "waltz", "root", "waltz", Voice.STRINGS, energy=0.0, brightness=0.5, metre=3, reverb=70,
    ),
    "lullaby": Style(
        (66, 84), (Voice.MUSIC_BOX,), (Voice.HARP, Voice.MUSIC_BOX), (Voice.HARP,),
        "broken", "root", "none", Voice.PAD, energy=-0.8, brightness=0.6, metre=3, reverb=80,
    ),
    "game": Style(
        (132, 160), (Voice.LEAD, Voice.MARIMBA), (Voice.CLARINET,), (Voice.SYNTH_BASS,),
        "broken", "octaves", "pop", None, ELECTRONIC_KIT, energy=0.6, brightness=0.7, reverb=20,
    ),
}  # fmt: skip

STYLE_WORDS: Mapping[str, str] = {
    "electronic": "electronic|electro|edm|techno|house|trance|dance|club|synth|synthwave|disco|rave|cyberpunk|neon",
    "ambient": "ambient|drone|meditati\\w*|atmospher\\w*|spa|yoga|sleep\\w*|space|cosmic|underwater|ethereal|floating",
    "cinematic": "cinematic|epic|orchestra\\w*|film|movie|trailer|soundtrack|battle|heroic|fantasy|adventure|war",
    "classical": "classical|baroque|mozart|bach|chamber|symphon\\w*|string quartet|violin|cello|elegant|ballroom",
    "piano": "piano|pianist|nocturne|ballad",
    "jazz": "jazz\\w*|swing|bebop|blues|saxophone|noir|smoky|lounge",
    "lofi": "lo-?fi|chill\\w*|study\\w*|beats|rainy|coffee|cozy|cosy|mellow",
    "hiphop": "hip-?hop|rap|boom bap|r&b|rnb|soul",
    "trap": "trap|drill|808s?|phonk",
    "folk": "folk|country|acoustic|campfire|guitar|celtic|irish|bluegrass|ukulele|banjo|fiddle",
    "latin": "latin|salsa|bossa( nova)?|samba|reggaeton|cumbia|mambo|tango|flamenco|tropical|beach|summer",
    "funk": "funk\\w*|groov\\w*",
    "rock": "rock|metal|punk|grunge|electric guitar|garage|indie",
    "march": "march\\w*|parade|military|anthem|fanfare",
    "waltz": "waltz\\w*|3/4",
    "lullaby": "lullab\\w*|baby|cradle|music box|nursery|bedtime",
    "game": "game|8-?bit|chiptune|arcade|retro game|pixel",
    "pop": "pop|radio|corporate|commercial|jingle|advert\\w*|upbeat",
}
"""Which words ask for which style; where several are asked for, the one that is named first counts."""

MOOD_WORDS: Mapping[str, tuple[float, float]] = {
    "happy|joy\\w*|cheer\\w*|bright|sunny|fun|funny|playful|celebrat\\w*|birthday|party|optimis\\w*": (0.8, 0.4),
    "uplifting|inspir\\w*|hope\\w*|triumph\\w*|victor\\w*|motivat\\w*|heroic|proud": (0.6, 0.4),
    "peace\\w*|calm\\w*|relax\\w*|serene|gentle|soft\\w*|tender|quiet\\w*|sooth\\w*|soothing|dreamy": (0.3, -0.7),
    "romantic|love|warm|nostalgi\\w*|wistful|bittersweet": (0.1, -0.3),
    "sad\\w*|melanchol\\w*|lonely|sorrow\\w*|grie\\w*|heartbr\\w*|tearful|mourn\\w*|cry\\w*|rain\\w*": (-0.8, -0.5),
    "dark\\w*|sinister|horror|scary|spooky|ominous|haunt\\w*|creepy|evil|gothic|mysterious|mystery": (-0.9, 0.0),
    "tense|tension|suspense\\w*|thriller|chase|urgent|danger\\w*|dramatic": (-0.6, 0.5),
    "angry|aggressive|furious|brutal|heavy|intense|rage": (-0.6, 0.9),
    "energetic|fast|driving|upbeat|exciting|power\\w*|epic|workout|sport\\w*|run\\w*|racing|dance": (0.2, 0.8),
    "slow\\w*|lazy|sleepy|minimal\\w*|sparse": (0.0, -0.6),
}
"""How words move brightness and energy."""

TEMPO_WORDS: Mapping[str, float] = {
    "very fast|frantic|presto": 1.35,
    "fast|quick|energetic|upbeat|driving|racing|allegro|chase": 1.15,
    "slow\\w*|sleepy|lazy|adagio|largo|calm\\w*|peace\\w*": 0.84,
    "very slow|extremely slow": 0.8,
}

VOICE_WORDS: Mapping[Voice, str] = {
    Voice.PIANO: "piano|keys",
    Voice.ELECTRIC_PIANO: "electric piano|rhodes",
    Voice.MUSIC_BOX: "music box|celesta|glockenspiel|bells?|chimes?",
    Voice.VIBRAPHONE: "vibraphone|vibes",
    Voice.MARIMBA: "marimba|xylophone|kalimba|steel drums?",
    Voice.ORGAN: "organ|accordion|harmonium",
    Voice.GUITAR: "nylon|classical guitar|spanish guitar|ukulele|guitar|lute",
    Voice.STEEL_GUITAR: "acoustic guitar|steel guitar|electric guitar|banjo|mandolin",
    Voice.HARP: "harp|koto|sitar|lyre",
    Voice.STRINGS: "strings?|violins?|cellos?|viola|fiddle|orchestra\\w*",
    Voice.CHOIR: "choir|choral|voices|vocals?|chant\\w*",
    Voice.BRASS: "brass|trumpets?|horns?|trombones?|saxophone|sax",
    Voice.CLARINET: "clarinet|oboe|bassoon|woodwinds?",
    Voice.FLUTE: "flutes?|whistle|pan ?pipes?|recorder|ocarina",
    Voice.LEAD: "synth|synthesi[sz]er|lead",
    Voice.PAD: "pads?",
}
