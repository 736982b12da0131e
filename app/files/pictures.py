"""What a file is by its content, what a picture says of itself, and how a place is cut from it.

Nothing here decodes a picture: type and size come from its head, and the place goes with the segments that hold it,
while the picture itself stays as it is, byte for byte.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import TYPE_CHECKING

from app.files import heif
from app.files.rules import LARGEST, LARGEST_PIXELS, LONGEST_SIDE, UnfitFile

if TYPE_CHECKING:
    from PIL import Image

JPEG, PNG, WEBP, HEIC, PDF = "image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf"
EXTENSIONS = {JPEG: "jpg", PNG: "png", WEBP: "webp", HEIC: "heic", PDF: "pdf", "text/plain": "txt"}
"""The types that are kept, with the ends of their names."""
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP", HEIC: "HEIF"}
"""How Pillow calls the types of pictures."""

ORIENTATION, MAKE, MODEL, TIFF_IFD, GPS_IFD = 0x0112, 0x010F, 0x0110, 0x8769, 0x8825
TAKEN, OFFSET = 0x9003, 0x9011
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    (b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs", b"sBIT", b"bKGD", b"cICP", b"acTL", b"fcTL", b"fdAT")
)
_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(r"([+-])(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was: degrees, and how exactly in metres when that is known."""

    latitude: float
    longitude: float
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file is, and what it says of itself. Only pictures have a size, and may say when and where."""

    mime: str
    width: int | None = None
    height: int | None = None
    taken_at: datetime | None = None
    place: Place | None = None


def facts(content: bytes) -> Facts:
    """What this file is. Raises UnfitFile for what is not taken, and for a picture that is too large to be decoded."""
    if not content:
        raise UnfitFile("empty")
    if len(content) > LARGEST:
        raise UnfitFile("too_large", 413)
    mime = _type(content)
    if mime == PDF:
        return Facts(PDF)
    width, height = _size(content, mime)
    if width * height > LARGEST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise UnfitFile("too_many_pixels")
    blocks = [block for block in _exif_blocks(content, mime) if block]
    taken, place = _when_and_where(blocks[0]) if blocks else (None, None)
    return Facts(mime, width, height, taken, place)


def without_place(content: bytes, mime: str) -> bytes:
    """The same picture without anything that may say where it was taken; the very same bytes when nothing does.

    When, by which camera and which way up it was taken stays.
    """
    cuts = {JPEG: _jpeg_without_place, PNG: _png_without_place, WEBP: _webp_without_place, HEIC: _heic_without_place}
    return cuts[mime](content) if mime in cuts else content


def _type(content: bytes) -> str:
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(_PNG_HEAD):
        return PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if heif.is_heif(content):
        return HEIC
    if content.startswith(b"%PDF-"):
        return PDF
    raise UnfitFile("not_taken", 415)


def _size(content: bytes, mime: str) -> tuple[int, int]:
    """Width and height, as the head says. Raises UnfitFile."""
    if mime == HEIC:
        try:
            found = heif.read(content)
        except (heif.Damaged, IndexError):
            raise UnfitFile("damaged") from None
        return found.width, found.height
    with _opened(content, mime) as picture:
        return picture.size


def _opened(content: bytes, mime: str) -> Image.Image:
    """The picture, of which only the head was read. Raises UnfitFile."""
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow's own limit is judged by ours, in words.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(BytesIO(content), formats=[FORMATS[mime]])
    except Image.DecompressionBombError:
        raise UnfitFile("too_many_pixels") from None
    except Exception:  # Pillow raises what its readers of foreign bytes happen to run into
        raise UnfitFile("damaged") from None


# What a picture says of itself --------------------------------------------------------------------------------------


def _when_and_where(block: bytes) -> tuple[datetime | None, Place | None]:
    """When and where, as an EXIF block has it."""
    exif = _exif(block)
    if exif is None:
        return None, None
    try:
        details, gps = exif.get_ifd(TIFF_IFD), exif.get_ifd(GPS_IFD)
        return _moment(details.get(TAKEN), details.get(OFFSET)), _place(gps)
    except Exception:  # foreign bytes again
        return None, None


def _exif(block: bytes) -> Image.Exif | None:
    """An EXIF block, read; None when it cannot be."""
    from PIL import Image

    exif = Image.Exif()
    try:
        exif.load(block)
        exif.get_ifd(TIFF_IFD)
        exif.get_ifd(GPS_IFD)
    except Exception:  # Pillow raises whatever the bytes make it run into
        return None
    return exif


def _moment(taken: object, offset: object) -> datetime | None:
    """The instant, only where the camera says its zone as well: without it the hour could be anybody's."""
    found, zone = _DATE.match(str(taken)), _ZONE.match(str(offset))
    if not found or not zone:
        return None
    shift = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (-1 if zone[1] == "-" else 1)
    try:
        return datetime(*(int(part) for part in found.groups()), tzinfo=timezone(shift)).astimezone(UTC)  # type: ignore[arg-type, misc]  # six numbers
    except (ValueError, OverflowError):
        return None


def _place(gps: dict[int, object]) -> Place | None:
    latitude, longitude = _degrees(gps.get(2), gps.get(1), 90), _degrees(gps.get(4), gps.get(3), 180)
    return None if latitude is None or longitude is None else Place(latitude, longitude)


def _degrees(parts: object, side: object, most: int) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    found = degrees + minutes / 60 + seconds / 3600
    if not 0 <= found <= most:
        return None
    return round(-found if str(side).strip("\x00").upper() in ("S", "W") else found, 6)


def _kept(blocks: list[bytes]) -> bytes:
    """A new EXIF block with what stays: which way up, when, by which camera. Empty when there is nothing."""
    from PIL import Image

    exif = _exif(blocks[0]) if blocks else None
    if exif is None:
        return b""
    fresh = Image.Exif()
    fresh.update({tag: exif[tag] for tag in (ORIENTATION, MAKE, MODEL) if tag in exif})
    details = exif.get_ifd(TIFF_IFD)
    fresh.get_ifd(TIFF_IFD).update({tag: details[tag] for tag in (TAKEN, OFFSET) if tag in details})
    try:
        return fresh.tobytes() if len(fresh) or fresh.get_ifd(TIFF_IFD) else b""
    except Exception:  # a value that was read and cannot be written
        return b""


def _names_place(block: bytes) -> bool:
    """Whether an EXIF block has a place; one that cannot be read may have one."""
    exif = _exif(block)
    return exif is None or bool(exif.get_ifd(GPS_IFD))


# JPEG ---------------------------------------------------------------------------------------------------------------


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment, up to the end of the picture; scans are part of the segment before."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            yield marker, at, at + 2
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if marker == 0xDA:
            end = _end_of_scan(content, end)
        yield marker, at, min(end, len(content))
        at = end
    if content[at : at + 2] == b"\xff\xd9":
        yield 0xD9, at, at + 2


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the compressed data of a scan ends: at the next marker that is none of its own."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        if content[at + 1] not in (0x00, 0xFF) and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 1 if content[at + 1] == 0xFF else 2


def _exif_blocks(content: bytes, mime: str) -> list[bytes]:
    if mime == JPEG:
        found = [content[start + 4 : end] for marker, start, end in _jpeg_segments(content) if marker == 0xE1]
        return [block for block in found if block.startswith(b"Exif\x00")]
    if mime == PNG:
        return [data for kind, data, _ in _png_chunks(content) if kind == b"eXIf"]
    if mime == HEIC:
        return heif.exif_blocks(content)
    return [data for kind, data, _ in _webp_chunks(content) if kind == b"EXIF"]


def _jpeg_without_place(content: bytes) -> bytes:
    segments = list(_jpeg_segments(content))
    end = segments[-1][2] if segments else len(content)
    blocks = _exif_blocks(content, JPEG)
    # Beside EXIF: XMP, what makers keep in segments of their own, and pictures behind the picture.
    others = [content[start:stop] for marker, start, stop in segments if 0xE1 <= marker <= 0xEF or marker == 0xFE]
    others = [each for each in others if not each[4:].startswith(b"Exif\x00")]
    rest = content[end:]
    if not any(map(_names_place, blocks)) and not any(b"GPS" in each for each in others) and b"Exif\x00" not in rest:
        return content
    kept = _kept(blocks)
    pieces = [content[:2]]
    if kept:
        pieces.append(b"\xff\xe1" + (len(kept) + 2).to_bytes(2) + kept)
    for marker, start, stop in segments:
        segment = content[start:stop]
        colours = marker == 0xE2 and segment[4:].startswith(b"ICC_PROFILE")
        if colours or marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            pieces.append(segment)
    return b"".join(pieces)


# PNG and WebP -------------------------------------------------------------------------------------------------------


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, data and the whole of each chunk."""
    at = len(_PNG_HEAD)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        end = at + 12 + length
        if end > len(content):
            return
        yield content[at + 4 : at + 8], content[at + 8 : end - 4], content[at:end]
        at = end


def _png_without_place(content: bytes) -> bytes:
    chunks = list(_png_chunks(content))
    others = [data for kind, data, _ in chunks if kind in (b"tEXt", b"zTXt", b"iTXt")]
    blocks = _exif_blocks(content, PNG)
    tail = content[len(_PNG_HEAD) + sum(len(whole) for *_, whole in chunks) :]
    if not any(map(_names_place, blocks)) and not any(map(_text_may_name_place, others)) and b"Exif" not in tail:
        return content
    pieces = [_PNG_HEAD]
    for kind, _, whole in chunks:
        if kind[:1].isupper() or kind in _PNG_KEPT:
            pieces.append(whole)
        if kind == b"IHDR" and (kept := _kept(blocks)):
            data = kept.removeprefix(b"Exif\x00\x00")
            body = b"eXIf" + data
            pieces.append(len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4))
    return b"".join(pieces)


def _text_may_name_place(data: bytes) -> bool:
    """Compressed text is not read, and so may say anything."""
    key = data.partition(b"\x00")[0]
    return b"GPS" in data or key.startswith((b"Raw profile", b"XML:com.adobe"))


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    at = 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        yield content[at : at + 4], content[at + 8 : at + 8 + length], content[at:end]
        at = end


def _webp_without_place(content: bytes) -> bytes:
    blocks = _exif_blocks(content, WEBP)
    others = [data for kind, data, _ in _webp_chunks(content) if kind == b"XMP "]
    tail = content[8 + int.from_bytes(content[4:8], "little") :]
    if not any(map(_names_place, blocks)) and not any(b"GPS" in data for data in others) and b"Exif" not in tail:
        return content
    kept = _kept(blocks).removeprefix(b"Exif\x00\x00")
    body = b""
    for kind, data, whole in _webp_chunks(content[: len(content) - len(tail)]):
        if kind == b"VP8X" and data:
            flags = data[0] & ~0x0C | (0x08 if kept else 0)
            body += whole[:8] + bytes([flags]) + whole[9:]
        elif kind not in (b"EXIF", b"XMP "):
            body += whole
    if kept:
        body += b"EXIF" + struct.pack("<I", len(kept)) + kept + b"\x00" * (len(kept) % 2)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


# HEIC ---------------------------------------------------------------------------------------------------------------


def _heic_without_place(content: bytes) -> bytes:
    blocks = heif.exif_blocks(content)
    if not any(map(_names_place, blocks)) and not heif.other_metadata(content):
        return content
    return heif.without(content, _kept(blocks).removeprefix(b"Exif\x00\x00"))
