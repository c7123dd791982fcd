"""Prompt to plan, plan to score, score to sound."""

from __future__ import annotations

from rivya.engines import params, references, sound
from rivya.engines.base import Artifact, Job, Progress
from rivya.engines.music.compose import compose
from rivya.engines.music.orchestra import orchestra
from rivya.engines.music.plan import plan
from rivya.engines.music.render import RATE, render

_BIT_RATE = 192_000
_USUAL_DURATION_S = 20.0


class MusicEngine:
    def __init__(self) -> None:
        self._soundfont = orchestra()

    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        references.none(job)
        duration_s = params.number(job.params, "duration", _USUAL_DURATION_S)
        seed = job.params.get("seed")
        planned = plan(job.prompt, duration_s=duration_s, seed=int(seed) if isinstance(seed, int | float) else None)
        progress(5)
        score = compose(planned)
        progress(15)
        samples = render(score, self._soundfont, duration_s=duration_s)
        progress(85)
        format = params.choice(job.params, "output_format", "mp3")
        return [sound.write(job.out_dir, samples, rate=RATE, format=format, bit_rate=_BIT_RATE)]
