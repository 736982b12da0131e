"""What a file is, what is cut from it, and what a copy holds: without a database."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from app.files import copies, pictures
from app.files.rules import LARGEST, UnfitFile
from tests.pictures import FORMATS, picture

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def pixels(content: bytes) -> bytes:
    with Image.open(BytesIO(content)) as opened:
        return opened.tobytes()


def exif(content: bytes) -> Image.Exif:
    with Image.open(BytesIO(content)) as opened:
        return opened.getexif()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that would be huge."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00" * 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "mime"), FORMATS.items())
def test_a_place_is_cut_and_the_rest_stays_byte_for_byte(kind: str, mime: str) -> None:
    whole = picture(kind, place=True)
    found = pictures.facts(whole)
    assert (found.mime, found.width, found.height) == (mime, 64, 48)
    assert found.place == pictures.Place(48.856667, 2.352222)
    assert str(found.taken_at) == "2026-11-29 09:00:00+00:00"
    cut = pictures.without_place(whole, mime)
    assert pictures.facts(cut).place is None
    assert pictures.facts(cut).taken_at == found.taken_at
    assert (pixels(cut), exif(cut)[0x0112], exif(cut)[0x010F]) == (pixels(whole), 6, "Acme")
    assert pictures.without_place(cut, mime) == cut
    plain = picture(kind)
    assert pictures.without_place(plain, mime) == plain, "without a place not a byte is touched"


def test_a_place_is_cut_wherever_it_hides() -> None:
    plain = picture()
    behind = plain + picture(place=True)
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<x exif:GPSLatitude='48,51N'/>"
    beside = plain[:2] + b"\xff\xe1" + (len(xmp) + 2).to_bytes(2) + xmp + plain[2:]
    drawn = picture("PNG")
    inside = drawn[:33] + chunk(b"tEXt", b"Raw profile type exif\x00" + b"00" * 9) + drawn[33:]
    unreadable = plain.replace(b"Exif\x00\x00MM", b"Exif\x00\x00XX").replace(b"Exif\x00\x00II", b"Exif\x00\x00XX")
    assert unreadable != plain
    jpeg, png = "image/jpeg", "image/png"
    for spoiled, mime in ((behind, jpeg), (beside, jpeg), (unreadable, jpeg), (inside, png)):
        cut = pictures.without_place(spoiled, mime)
        assert len(cut) < len(spoiled)
        assert not any(sign in cut for sign in (b"GPSLatitude", b"Raw profile"))
        assert cut.count(b"Exif\x00\x00") <= 1
        assert pixels(cut) == pixels(spoiled)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (SVG, "not_taken"),
        (b"<html><script>", "not_taken"),
        (b"GIF89a" + b"\x00" * 20, "not_taken"),
        (b"\xff\xd8\xff\xe0 no picture at all", "damaged"),
        (picture("PNG")[:20], "damaged"),
        (bomb(30_000, 30_000), "too_many_pixels"),
        (bomb(60_000, 1), "too_many_pixels"),
        (b"\xff\xd8\xff" + b"\x00" * LARGEST, "too_large"),
    ],
    ids=["empty", "svg", "html", "gif", "lies", "short", "bomb", "long", "large"],
)
def test_what_is_not_taken(content: bytes, reason: str) -> None:
    with pytest.raises(UnfitFile) as refused:
        pictures.facts(content)
    assert refused.value.reason == reason


def test_the_type_is_what_the_content_says() -> None:
    assert pictures.facts(b"%PDF-1.7 any").mime == "application/pdf"
    assert pictures.facts(picture("PNG")).mime == "image/png"


@pytest.mark.parametrize(("kind", "mime"), [*FORMATS.items(), ("HEIF", "image/heic")])
def test_a_copy_is_upright_and_holds_nothing_but_the_picture(kind: str, mime: str) -> None:
    made = copies.make(picture(kind, place=True, size=(900, 600)), mime)
    assert (made.width, made.height) == (600, 900)
    for each in (made.copy, made.thumbnail):
        assert not any(sign in each for sign in (b"Exif", b"Acme", b"ICC_PROFILE"))
        assert pictures.facts(each).mime == "image/jpeg"
    with Image.open(BytesIO(made.thumbnail)) as thumbnail:
        assert thumbnail.size == (320, 480)


def test_a_megabyte_of_exif_is_harmless() -> None:
    png = picture("PNG")
    heavy = png[:33] + chunk(b"eXIf", b"MM\x00*" + b"\xff" * 1_000_000) + png[33:]
    assert pictures.facts(heavy).width == 64
    assert len(pictures.without_place(heavy, "image/png")) < 10_000
    assert len(copies.make(heavy, "image/png").copy) < 10_000


def test_a_picture_that_is_cut_short_has_no_copy_and_says_why() -> None:
    with pytest.raises(copies.NotDecoded, match="cannot be decoded"):
        copies.make(picture(size=(400, 300))[:-900], "image/jpeg")
