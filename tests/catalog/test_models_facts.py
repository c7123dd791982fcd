"""The launch catalog against the public model reference: what each model takes, and what it costs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rivya.catalog.example import example_params, example_prompt
from rivya.catalog.inputs import api_inputs
from rivya.catalog.loader import load
from rivya.catalog.model import Model, Param
from rivya.catalog.price import price
from rivya.catalog.prompt import check_prompt, made_prompt
from rivya.catalog.references import MEBIBYTE
from rivya.catalog.validate import check_params
from rivya.chat.tokens import price_of
from rivya.errors import ValidationFailed

MODELS = load()

IMAGEN = "aspect_ratio=1:1 [1:1,16:9,9:16,3:4,4:3]; negative_prompt text; seed text"
FLUX = "aspectRatio=1:1 [1:1,4:3,3:4,16:9,9:16,3:2,2:3]; resolution=1K [1K,2K]"
SQUARES = "[square,square_hd,portrait_4_3,portrait_16_9,landscape_4_3,landscape_16_9]"
SEEDREAM = "aspectRatio=1:1 [1:1,4:3,3:4,16:9,9:16,2:3,3:2,21:9]; quality=basic [basic,high]"
VEO = "aspectRatio=16:9 [16:9,9:16,Auto]; watermark text; seeds num 10000..99999 step 1; enableTranslation=true bool"
KLING = "duration=5 [5,10]; aspect_ratio=16:9 [16:9,9:16,1:1]; negative_prompt text; cfg_scale=0.5 num 0..1"
FRAMES = "generationType=FIRST_AND_LAST_FRAMES_2_VIDEO [FIRST_AND_LAST_FRAMES_2_VIDEO,REFERENCE_2_VIDEO]; "
SPEECH = (
    "voice!=TX3LPaxmHKxFdv7VOQHJ [TX3LPaxmHKxFdv7VOQHJ,cgSgspJ2msm6clMCkdW9,pNInz6obpgDQGcFmaJgB,"
    "BIvP0GN1cAtSRTxNHnWS,aMSt68OGf4xUZAnLpTU8]; stability=0.5 num 0..1 step 0.05; "
    "similarity_boost=0.75 num 0..1 step 0.05; style=0 num 0..1 step 0.05; speed=1 num 0.7..1.2 step 0.05; "
    "timestamps=false bool; previous_text text; next_text text; language_code text"
)
CODECS = (
    "[mp3_22050_32,mp3_44100_32,mp3_44100_64,mp3_44100_96,mp3_44100_128,mp3_44100_192,pcm_8000,pcm_16000,pcm_22050,"
    "pcm_24000,pcm_44100,pcm_48000,ulaw_8000,alaw_8000,opus_48000_32,opus_48000_64,opus_48000_96,opus_48000_128,"
    "opus_48000_192]"
)
VOICES = (
    "[Adam,Alice,Bill,Brian,Callum,Charlie,Chris,Daniel,Eric,George,Harry,Jessica,Laura,Liam,Lily,Matilda,River,"
    "Roger,Sarah,Will]"
)
MUSIC_KEYS = "[Any,Cm,C#m,Dm,D#m,Em,Fm,F#m,Gm,G#m,Am,A#m,Bm,C,C#,D,D#,E,F,F#,G,G#,A,A#,B]"

# id | credits | most characters of the prompt | inputs | references: most files, kinds, MiB (? is open) | params
FACTS = f"""
z-image | 1 | 1000 | text | none | aspect_ratio=1:1 [1:1,4:3,3:4,16:9,9:16]
4o-image | 3 | - | text | none | size=1:1 [1:1,3:2,2:3]
gpt-image-1-5 | 4 | - | text,file | 16 image:10 | quality=medium [medium,high]; aspect_ratio=1:1 [1:1,2:3,3:2]
gpt-image-2 | 3 | 20000 | text,file | 16 image:10 | \
    aspect_ratio=1:1 [auto,1:1,9:16,16:9,4:3,3:4]; resolution=1K [1K,2K,4K]
nano-banana | 3 | 5000 | text,file | 10 image:10 | \
    imageSize=1:1 [1:1,9:16,16:9,3:4,4:3,3:2,2:3,5:4,4:5,21:9,auto]; output_format=png [png,jpeg]
nano-banana-2 | 5 | 20000 | text,file | 14 image:30 | \
    aspect_ratio=auto [auto,1:1,16:9,9:16,3:2,2:3,4:3,3:4,5:4,4:5,21:9,4:1,1:4,8:1,1:8]; \
    resolution=1K [1K,2K,4K]; output_format=jpg [jpg,png]; google_search=false bool
nano-banana-pro | 8 | 10000 | text,file | 8 image:30 | \
    aspect_ratio=1:1 [1:1,2:3,3:2,3:4,4:3,4:5,5:4,9:16,16:9,21:9,auto]; resolution=1K [1K,2K,4K]; \
    output_format=png [png,jpg]
google-imagen4 | 8 | 5000 | text | none | {IMAGEN}
google-imagen4-ultra | 12 | 5000 | text | none | {IMAGEN}
flux-2-pro | 5 | 5000 | text,file | 8 image:10 | {FLUX}
flux-2-flex | 14 | 5000 | text,file | 8 image:10 | {FLUX}
qwen-image | 4 | 5000 | text,file | 1 image:10 | image_size=square_hd {SQUARES}; output_format=png [png,jpeg]
qwen2-image | 6 | 800 | text,file | 1 image:10 | \
    image_size=16:9 [1:1,3:4,4:3,9:16,16:9]; output_format=png [png,jpeg]; seed num 0..; nsfw_checker=false bool
seedream-3-0 | 5 | 5000 | text | none | \
    image_size=square_hd {SQUARES}; guidance_scale=2.5 num 1..10 step 0.1; seed num 0..2147483647
seedream-4-0 | 6 | 5000 | text,file | ? | \
    image_size=square_hd [square,square_hd,portrait_4_3,portrait_3_2,portrait_16_9,landscape_4_3,landscape_3_2,\
landscape_16_9,landscape_21_9]; image_resolution=1K [1K,2K,4K]; max_images=1 num 1..6 step 1; \
    seed num 0..2147483647 step 1; nsfw_checker=false bool
seedream-4-5 | 7 | 3000 | text,file | ? | {SEEDREAM}
seedream-5-lite | 6 | 3000 | text,file | ? | {SEEDREAM}
ideogram-v3 | 7 | 5000 | text | none | \
    rendering_speed=BALANCED [TURBO,BALANCED,QUALITY]; style=AUTO [AUTO,GENERAL,REALISTIC,DESIGN]; \
    expand_prompt=true bool; image_size=square_hd {SQUARES}; seed num 0..; negative_prompt text
midjourney | 3 | 2000 | text,file | 4 image:10 | \
    speed=relaxed [relaxed,fast,turbo]; aspectRatio=1:1 [1:1,4:3,3:4,16:9,9:16,3:2,2:3]; \
    version=7 [7,6.1,6,niji7,niji6]
grok-imagine | 4 | 5000 | text,file | 1 image:10 | aspect_ratio=1:1 [1:1,2:3,3:2,16:9,9:16]; enable_pro=false bool
sora-2 | 6 | 10000 | text,file | 1 image:10 | \
    n_frames=10 [10,15]; aspect_ratio=landscape [landscape,portrait]; remove_watermark=false bool; \
    upload_method=s3 [s3,oss]
veo3-1-lite | 10 | 5000 | text,file | 2 image:10 | {VEO}
veo3-1-fast | 20 | 5000 | text,file | 3 image:10 | {FRAMES}{VEO}
runway | 12 | 1800 | text,file | 1 image:10 | \
    duration=5 [5,10]; quality=720p [720p,1080p]; aspectRatio=16:9 [16:9,4:3,1:1,3:4,9:16]; waterMark text
seedance-1-0-pro | 25 | 10000 | text,file | 1 image:? | \
    resolution=720p [480p,720p,1080p]; duration=5 [5,10]; aspect_ratio=16:9 [21:9,16:9,4:3,1:1,3:4,9:16]; \
    camera_fixed=false bool; seed=-1 num -1..2147483647; enable_safety_checker=true bool
seedance-1-5-pro | 28 | 2500 | text,file | 2 image:10 | \
    resolution=720p [480p,720p,1080p]; duration=8 [4,8,12]; generate_audio=false bool; \
    aspectRatio=1:1 [1:1,4:3,3:4,16:9,9:16,21:9]; fixed_lens=false bool
seedance-2 | 175 | 2500 | ? | ? | \
    seedance_scene=text [text,frames,reference]; resolution=720p [480p,720p]; \
    aspect_ratio=16:9 [1:1,4:3,3:4,16:9,9:16,21:9,adaptive]; duration=5 num 4..15; generate_audio=true bool; \
    return_last_frame=false bool
kling-v2-1-master | 160 | 5000 | text,file | 1 image:? | {KLING}
kling-v2-5-turbo-pro | 42 | 2500 | text,file | 2 image:? | {KLING}
kling-2-6 | 55 | 1000 | text,file | 1 image:10 | \
    duration=5 [5,10]; sound=false bool; aspect_ratio=1:1 [1:1,16:9,9:16]
kling-3-0 | 90 | 2000 | text,file | 2 image:10 | \
    mode=pro [std,pro]; multi_shots=false bool; duration=5 [3,4,5,6,7,8,9,10,11,12,13,14,15]; sound=false bool; \
    aspect_ratio=16:9 [16:9,9:16,1:1]
wan-2-6 | 70 | 5000 | text,file | 1 image:10 video:10 | resolution=720p [720p,1080p]; duration=5 [5,10,15]
wan-2-7-video | 80 | 5000 | text,file | ? | \
    resolution=720p [720p,1080p]; duration=5 [5,10,15]; aspect_ratio=16:9 [16:9,9:16,1:1,4:3,3:4]; \
    negative_prompt text; prompt_extend=true bool; watermark=false bool; audio_setting=auto [auto,origin]; \
    seed num 0..2147483647
hailuo-standard | 30 | 1500 | text,file | ? | \
    duration=6 [6,10]; resolution=512P [512P,768P]; prompt_optimizer=false bool
hailuo-pro | 57 | 1500 | text,file | 2 image:10 | prompt_optimizer=false bool
grok-imagine-video | 10 | 5000 | text,file | 1 image:10 | \
    mode=normal [fun,normal,spicy]; duration=6 num 6..30 step 1; resolution=480p [480p,720p]; \
    aspect_ratio=2:3 [1:1,16:9,9:16,2:3,3:2]
happyhorse-1-0 | 28 | 5000 | text,file | 10 image:10 video:95 | \
    resolution=1080p [720p,1080p]; aspect_ratio=16:9 [16:9,9:16,1:1,4:3,3:4]; duration=5 num 3..15; \
    audio_setting=auto [auto,origin]; seed=0 num 0..2147483647
elevenlabs-turbo-2-5 | 6 | 5000 | text | none | {SPEECH}
elevenlabs-multilingual-v2 | 12 | 5000 | text | none | {SPEECH}
elevenlabs-dialogue-v3 | 14 | 5000 | text | none | \
    dialogue! array; default_voice=Adam {VOICES}; stability=0.5 [0,0.5,1]; language_code text
elevenlabs-sound-effect-v2 | 3 | 5000 | text | none | \
    loop=false bool; duration_seconds=3 num 0.5..22 step 0.5; prompt_influence=0.3 num 0..1 step 0.05; \
    output_format=mp3_44100_128 {CODECS}
suno-music | 12 | 500 | text | none | model=V4_5 [V4,V4_5,V4_5PLUS,V4_5ALL,V5,V5_5]; instrumental=false bool
suno-sounds | 3 | 500 | text | none | \
    model=V5 [V5,V5_5]; soundLoop=false bool; soundTempo num 1..300 step 1; soundKey=Any {MUSIC_KEYS}
audio-isolation | 3 | - | file | 1 audio:? |
gemini-2-5-flash-chat | 1 | 20000 | text,file | none |
gpt-5-2-chat | 3 | 20000 | text,file | none |
gpt-5-codex-chat | 3 | 20000 | text,file | none |
gpt-5-3-codex-chat | 4 | 20000 | text,file | none |
claude-sonnet-4-6-chat | 4 | 20000 | text | none |
"""

METERED = {
    "elevenlabs-turbo-2-5": "characters",
    "elevenlabs-multilingual-v2": "characters",
    "elevenlabs-dialogue-v3": "characters",
    "elevenlabs-sound-effect-v2": "seconds",
    "audio-isolation": "seconds",
}


@dataclass(frozen=True)
class Fact:
    id: str
    credits: int
    longest_prompt: int | None
    inputs: str
    references: str
    params: list[str]


def _fact(line: str) -> Fact:
    id, credits, longest, inputs, references, params = (part.strip() for part in line.split("|"))
    return Fact(
        id,
        int(credits),
        None if longest == "-" else int(longest),
        inputs,
        references,
        [" ".join(param.split()) for param in params.split(";") if param.strip()],
    )


def _as_fact(param: Param) -> str:
    """Return a param in the words of the table."""
    default = "" if param.default is None else f"={param.default}"
    name = f"{param.key}{'!' if param.required else ''}{default}"
    if param.options is not None:
        is_boolean = param.options == ["false", "true"]
        return f"{name} bool" if is_boolean else f"{name} [{','.join(param.options)}]"
    if param.type != "number":
        return f"{name} {param.type}"
    step = f" step {param.step}" if param.step is not None else ""
    return f"{name} num {param.min}..{'' if param.max is None else param.max}{step}"


def _references(model: Model) -> str:
    rule = model.reference_media
    if rule is None:
        return "none"
    return " ".join([str(rule.max_files), *(f"{kind}:{rule.limit(kind).max_bytes // MEBIBYTE}" for kind in rule.kinds)])


ROWS = [_fact(line) for line in FACTS.strip().splitlines()]
each_row = pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
each_model = pytest.mark.parametrize("model", [MODELS[row.id] for row in ROWS], ids=[row.id for row in ROWS])


def test_the_whole_launch_catalog_is_there() -> None:
    assert {row.id for row in ROWS} <= MODELS.keys()


@each_row
def test_a_model_costs_its_credits(row: Fact) -> None:
    assert MODELS[row.id].base_credits == row.credits


@each_row
def test_a_model_takes_a_prompt_of_its_length(row: Fact) -> None:
    assert MODELS[row.id].max_prompt_length == row.longest_prompt


@each_row
def test_a_model_takes_its_params(row: Fact) -> None:
    assert [_as_fact(param) for param in MODELS[row.id].params] == row.params


@each_row
def test_a_model_takes_its_inputs(row: Fact) -> None:
    if row.inputs != "?":
        assert ",".join(api_inputs(MODELS[row.id]).supported) == row.inputs


@each_row
def test_a_model_takes_its_references(row: Fact) -> None:
    pattern = re.escape(row.references).replace(r"\?", r"\d+" if len(row.references) > 1 else ".+")
    assert re.fullmatch(pattern, _references(MODELS[row.id]))


@each_row
def test_a_model_is_billed_in_its_way(row: Fact) -> None:
    model = MODELS[row.id]
    unit = METERED.get(row.id)
    billing = "TOKEN_BASED" if model.category == "chat" else "METERED" if unit else "FIXED"
    assert (model.billing_type, model.meter and model.meter.unit) == (billing, unit)


@each_model
def test_the_documented_example_of_a_model_is_accepted(model: Model) -> None:
    params = check_params(model, example_params(model.params))
    prompt = made_prompt(model, check_prompt(model, example_prompt(model)), params)
    assert set(params) == {param.key for param in model.params}
    assert price(model, prompt=prompt, params=params) >= 1


@each_model
def test_at_its_defaults_a_model_costs_its_base_credits(model: Model) -> None:
    defaults = {param.key: param.default for param in model.params if param.default is not None}
    assert price(model, prompt="A hill", params=defaults, reference_seconds=1) == model.base_credits


@pytest.mark.parametrize(
    ("id", "params", "credits"),
    [
        ("gpt-image-2", {"resolution": "2K"}, 5),  # 4.5, rounded up
        ("gpt-image-2", {"resolution": "4K"}, 6),
        ("kling-3-0", {"mode": "std"}, 68),  # 67.5, rounded up
        ("kling-3-0", {"duration": "15"}, 270),
        ("kling-3-0", {"duration": "3", "mode": "std", "sound": "true"}, 61),  # 60.75
        ("seedance-2", {"duration": 4}, 140),
        ("seedance-2", {"duration": 15, "resolution": "480p"}, 263),  # 262.5
        ("grok-imagine-video", {"duration": 30, "resolution": "720p"}, 100),
        ("seedream-4-0", {"max_images": 6}, 36),
        ("sora-2", {"n_frames": "15"}, 9),
    ],
)
def test_what_is_chosen_makes_a_call_dearer_or_cheaper(id: str, params: dict[str, object], credits: int) -> None:
    assert price(MODELS[id], prompt="A hill", params=check_params(MODELS[id], params)) == credits


@pytest.mark.parametrize(("seconds", "credits"), [(0.4, 3), (15, 3), (15.01, 6), (60, 12)])
def test_isolation_costs_by_the_seconds_of_the_sound(seconds: float, credits: int) -> None:
    assert price(MODELS["audio-isolation"], prompt="", params={}, reference_seconds=seconds) == credits


@pytest.mark.parametrize(("lengths", "credits"), [([1], 14), ([1000], 14), ([500, 501], 28), ([2500, 2500], 70)])
def test_a_dialogue_costs_by_the_characters_of_its_texts(lengths: list[int], credits: int) -> None:
    model = MODELS["elevenlabs-dialogue-v3"]
    params = check_params(model, {"dialogue": [{"voice": "Alice", "text": "x" * length} for length in lengths]})
    assert price(model, prompt="whatever", params=params) == credits


def test_the_prompt_of_a_dialogue_is_its_texts() -> None:
    model = MODELS["elevenlabs-dialogue-v3"]
    params = check_params(model, {"dialogue": [{"voice": "Alice", "text": "Hello"}, {"text": "Hi"}]})
    assert made_prompt(model, "", params) == "Hello\nHi"


@pytest.mark.parametrize(
    ("dialogue", "path"),
    [
        (None, "dialogue"),
        ("Hello", "dialogue"),
        ([], "dialogue"),
        ([{"text": "Hi"}] * 101, "dialogue"),
        (["Hello"], "dialogue[0]"),
        ([{"voice": "Alice"}], "dialogue[0].text"),
        ([{"text": "Hi"}, {"text": " "}], "dialogue[1].text"),
        ([{"text": 5}], "dialogue[0].text"),
        ([{"text": "a\x00"}], "dialogue[0].text"),
        ([{"text": "Hi", "voice": "Nobody"}], "dialogue[0].voice"),
        ([{"text": "Hi", "mood": "calm"}], "dialogue[0].mood"),
    ],
)
def test_a_fault_in_a_dialogue_is_named_by_its_path(dialogue: object, path: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_params(MODELS["elevenlabs-dialogue-v3"], {"dialogue": dialogue})
    assert refused.value.param == f"params.{path}"


def test_the_texts_of_a_dialogue_must_not_be_too_long_together() -> None:
    model = MODELS["elevenlabs-dialogue-v3"]
    params = check_params(model, {"dialogue": [{"text": "x" * 2500}, {"text": "x" * 2500}]})
    with pytest.raises(ValidationFailed) as refused:
        made_prompt(model, "", params)
    assert refused.value.param == "params.dialogue"


def test_a_required_param_must_be_sent_although_it_has_a_default() -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_params(MODELS["elevenlabs-turbo-2-5"], {})
    assert refused.value.param == "params.voice"


@pytest.mark.parametrize("value", [True, "5", math.nan, math.inf, -math.inf, 10**400, None, [5]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValidationFailed):
        check_params(MODELS["seedance-2"], {"duration": value})


@given(some.decimals(4, 15, places=3), some.decimals(4, 15, places=3))
def test_a_longer_clip_never_costs_less(one: Decimal, other: Decimal) -> None:
    model = MODELS["seedance-2"]
    short, long = (price(model, prompt="A hill", params={"duration": float(d)}) for d in sorted((one, other)))
    assert 1 <= short <= long
    assert short == math.ceil(175 * min(one, other) / 5)


@given(some.integers(0, 10**6), some.integers(0, 10**6))
def test_more_tokens_never_cost_less(few: int, more: int) -> None:
    model = MODELS["claude-sonnet-4-6-chat"]
    assert price_of(model).credits(input_tokens=few, output_tokens=few) >= 1
    assert price_of(model).credits(input_tokens=few, output_tokens=0) <= price_of(model).credits(
        input_tokens=few, output_tokens=more
    )
