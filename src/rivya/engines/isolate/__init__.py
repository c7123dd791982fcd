"""rivya-isolate: a voice set free from steady noise. Signal processing by rule, no learned separator."""

from __future__ import annotations

from collections.abc import Iterator

from rivya.engines import params, recording, references, sound
from rivya.engines.base import Artifact, InvalidInput, Job, Progress
from rivya.engines.isolate.clean import cleaned
from rivya.engines.recording import Recording
from rivya.engines.sound import MP3_RATES, Samples

LONGEST_S = 40 * 60.0
"""At 48,000 samples a second or fewer; in proportion less above, so that the file that is made keeps its bound."""

_BIT_RATES = {1: 96_000, 2: 192_000}


class IsolateEngine:
    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        """One sound of the same length, sample rate and channels (two at most) as the one given.

        An MP3 has the nearest rate above that MP3 knows, at most 48,000. Raises InvalidInput when not exactly one
        sound was given, or it cannot be read or is too long.
        """
        given = references.exactly_one(job, "audio")
        format = params.choice(job.params, "output_format", "mp3")
        with recording.opened(given) as heard:
            rate = heard.rate if format == "wav" else mp3_rate(heard.rate)
            made = sound.write_blocks(
                job.out_dir,
                cleaned(_counted(heard, rate, progress), rate, heard.channels),
                channels=heard.channels,
                rate=rate,
                format=format,
                bit_rate=_BIT_RATES[heard.channels],
            )
        progress(100)
        return [made]


def mp3_rate(rate: int) -> int:
    """Return the lowest rate of an MP3 that loses nothing of ``rate``, or the highest there is."""
    return next((known for known in MP3_RATES if known >= rate), MP3_RATES[-1])


def _counted(heard: Recording, rate: int, progress: Progress) -> Iterator[Samples]:
    longest_s = LONGEST_S * min(1.0, 48_000 / rate)
    expected = (heard.seconds or longest_s) * rate
    done = 0
    for block in heard.blocks(rate):
        done += block.shape[1]
        if done > longest_s * rate:
            too_long = f"the sound may last at most {longest_s / 60:.0f} minutes at {rate} samples a second"
            raise InvalidInput(f"{references.FIELD}: {too_long}")
        yield block
        progress(min(99, int(99 * done / expected)))
