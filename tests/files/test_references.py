"""References: one's own files and results; of what is elsewhere only pictures, which are fetched."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rivya.catalog.references import MediaLimit
from rivya.errors import ValidationFailed
from rivya.files.duration_token import DurationTokens
from rivya.files.limits import Limit
from rivya.files.links import MediaLinks
from rivya.files.model import File, FileId
from rivya.files.references import Reference, References
from rivya.kit.ids import AccountId, new_id

MINE, OTHERS = AccountId("acct_1"), AccountId("acct_2")
LINKS = MediaLinks(base_url="http://here", key=b"a key", lives_s=3600)
TOKENS = DurationTokens(b"a key")
EXPIRES = datetime(2040, 1, 1, tzinfo=UTC)


def make_file(account: AccountId, kind: str, extension: str, mime_type: str, duration_s: float | None) -> File:
    id = FileId(new_id("file"))
    key = f"files/{account}/{id}.{extension}"
    return File(id, account, kind, "a", mime_type, 9, key, None, None, duration_s, None, EXPIRES, EXPIRES)


PICTURE = make_file(MINE, "image", "png", "image/png", None)
VIDEO = make_file(MINE, "video", "mp4", "video/mp4", 2.5)
GONE = make_file(MINE, "image", "png", "image/png", None)
KEPT = {
    (file.account, file.id): file for file in (PICTURE, VIDEO, make_file(OTHERS, "image", "png", "image/png", None))
}
FOREIGN = next(file for file in KEPT.values() if file.account == OTHERS)


async def find(*, account: AccountId, file: str) -> File | None:
    return KEPT.get((account, FileId(file)))


async def fetch(account: AccountId, url: str, kind: str, *, limit: Limit, where: str) -> Reference:
    return Reference(kind, f"fetched for {account} from {url} as {where}", "image/png", limit.max_bytes)


REFERENCES = References(links=LINKS, tokens=TOKENS, find=find, fetch=fetch)


async def resolve(url: str, kind: str, token: str | None = None, *, path: str = "here") -> Reference:
    limit = MediaLimit(max_bytes=77, mime_types=["image/png"])
    return await REFERENCES.resolve(MINE, url, kind, token, limit=limit, path=path)


def token(of: File, **changed: object) -> str:
    given = {"account": of.account, "file": of.id, "duration_s": of.duration_s, "expires_at": of.expires_at}
    return TOKENS.make(**{**given, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("url", [LINKS.sign(PICTURE.object_key), PICTURE.id])
async def test_a_file_is_named_by_its_link_or_its_id(url: str) -> None:
    assert await resolve(url, "image") == Reference("image", PICTURE.object_key, "image/png", 9)


async def test_a_result_is_named_by_its_link() -> None:
    key = f"results/{MINE}/task_1/1-0.webp"
    assert await resolve(LINKS.sign(key), "image") == Reference("image", key, "image/webp")


async def test_a_video_needs_its_duration_token() -> None:
    url = LINKS.sign(VIDEO.object_key)
    with pytest.raises(ValidationFailed) as refused:
        await resolve(url, "video", path="params.referenceMediaItems[0]")
    assert refused.value.param == "params.referenceMediaItems[0].durationToken"
    found = await resolve(url, "video", token(VIDEO))
    assert found == Reference("video", VIDEO.object_key, "video/mp4", 9, 2.5)


@pytest.mark.parametrize("wrong", ["x", token(VIDEO, file="file_2"), token(VIDEO, account=OTHERS)])
async def test_a_wrong_or_foreign_token_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await resolve(VIDEO.id, "video", wrong)
    assert refused.value.param == "here.durationToken"


@pytest.mark.parametrize(
    "url",
    [
        LINKS.sign(PICTURE.object_key, now=0),
        LINKS.sign(GONE.object_key),
        LINKS.sign(FOREIGN.object_key),
        LINKS.sign(f"results/{OTHERS}/task_1/1-0.png"),
        LINKS.sign(f"files/{MINE}/../{OTHERS}/{FOREIGN.id}.png"),
        LINKS.sign(f"results/{MINE}x/task_1/1-0.png"),
        LINKS.sign("other/thing.png"),
        LINKS.sign(PICTURE.object_key).replace("signature=", "signature=x"),
        MediaLinks(base_url="http://here", key=b"another", lives_s=60).sign(PICTURE.object_key),
        GONE.id,
        FOREIGN.id,
        new_id("task"),
        LINKS.sign(GONE.object_key).replace("http://here", "HTTP://HERE"),
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "data:image/png;base64,AAAA",
        "//example.com/a.png",
        "//[",
        "example.com/a.png",
        "",
        "x" * 100_000,
    ],
)
async def test_what_is_not_ones_own_or_not_there_is_refused_in_the_same_words(url: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await resolve(url, "image")
    assert refused.value.param == "here.url"
    assert refused.value.message.startswith("here.url must be the id or the url of a file of this account")
    assert "POST /api/v1/files" in refused.value.message


async def test_a_reference_of_another_kind_is_refused() -> None:
    with pytest.raises(ValidationFailed) as refused:
        await resolve(PICTURE.id, "video")
    assert refused.value.param == "here.kind"
    assert "image/png" in refused.value.message


@pytest.mark.parametrize("url", ["https://example.com/a.png", "HTTP://169.254.169.254/", "http://here/else", "https:x"])
async def test_a_picture_elsewhere_is_fetched(url: str) -> None:
    assert await resolve(url, "image") == Reference(
        "image", f"fetched for {MINE} from {url} as here.url", "image/png", 77
    )


@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_video_and_audio_elsewhere_go_through_the_files_api(kind: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await resolve("https://example.com/a.mp4", kind, token(VIDEO))
    assert refused.value.param == "here.url"
    assert "Upload video and audio to POST /api/v1/files first." in refused.value.message
