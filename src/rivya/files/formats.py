"""The types of media that we keep, and how a file's first bytes tell which one it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["image", "video", "audio"]

_HEAD_BYTES = 4096
_STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heif", b"mif1", b"msf1", b"crx ", b"jp2 ")
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


@dataclass(frozen=True, slots=True)
class Format:
    """``reader`` is the one decoder that is let near such a file: Pillow's for pictures, else FFmpeg's demuxer."""

    kind: Kind
    mime_type: str
    extension: str
    reader: str


PNG = Format("image", "image/png", "png", "PNG")
JPEG = Format("image", "image/jpeg", "jpg", "JPEG")
WEBP = Format("image", "image/webp", "webp", "WEBP")
MP4 = Format("video", "video/mp4", "mp4", "mp4")
QUICKTIME = Format("video", "video/quicktime", "mov", "mov")
WEBM = Format("video", "video/webm", "webm", "webm")
MATROSKA = Format("video", "video/x-matroska", "mkv", "matroska")
MPEG_AUDIO = Format("audio", "audio/mpeg", "mp3", "mp3")
MP4_AUDIO = Format("audio", "audio/mp4", "m4a", "mp4")
AAC = Format("audio", "audio/aac", "aac", "aac")
OGG = Format("audio", "audio/ogg", "ogg", "ogg")
WAV = Format("audio", "audio/wav", "wav", "wav")
FLAC = Format("audio", "audio/flac", "flac", "flac")

_ALL = (PNG, JPEG, WEBP, MP4, QUICKTIME, WEBM, MATROSKA, MPEG_AUDIO, MP4_AUDIO, AAC, OGG, WAV, FLAC)
_MIME_TYPES = {format.extension: format.mime_type for format in _ALL}


def mime_of(key: str) -> str:
    """Return the type to serve an object as, by the extension that we gave it when it was stored."""
    return _MIME_TYPES.get(key.rsplit(".", 1)[-1], "application/octet-stream")


def sniff(path: Path) -> Format | None:
    """Return what the first bytes of a file say that it is; None if that is nothing that we keep."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if head[:3] == b"ID3" and len(head) >= 10:
            # A tag may stand before any MPEG stream; its length is four bytes of seven bits (id3.org, ID3v2, 3.1).
            tag = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
            file.seek(10 + tag)
            return _of_mpeg_stream(file.read(2)) or MPEG_AUDIO
    return sniff_bytes(head)


def sniff_bytes(head: bytes) -> Format | None:
    """Return what a file is that begins so; None if that is nothing that we keep."""
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    if head[:3] == b"\xff\xd8\xff":
        return JPEG
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[4:8] in _QUICKTIME_ATOMS:
        return QUICKTIME
    if head[:4] == b"\x1aE\xdf\xa3":
        return _of_doc_type(head[:64])
    if head[:4] == b"OggS":
        return OGG
    if head[:4] == b"fLaC":
        return FLAC
    return _of_mpeg_stream(head)


def _of_brand(brand: bytes) -> Format | None:
    """Return the format of an ISO base media file by its major brand (ISO/IEC 14496-12, 4.3)."""
    if brand in _STILL_BRANDS:
        return None
    if brand == b"qt  ":
        return QUICKTIME
    return MP4_AUDIO if brand in (b"M4A ", b"M4B ") else MP4


def _of_doc_type(head: bytes) -> Format | None:
    """Return the format of an EBML file by the element DocType in its header (RFC 8794, 11.2.6)."""
    if b"\x42\x82\x84webm" in head:
        return WEBM
    return MATROSKA if b"\x42\x82\x88matroska" in head else None


def _of_mpeg_stream(head: bytes) -> Format | None:
    """Tell MP3 from ADTS by the layer bits after the sync word: ADTS has 00 there, layer III has 01."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return AAC
    return MPEG_AUDIO if head[1] & 0x06 == 0x02 and head[1] & 0x18 != 0x08 else None
