"""HEIC: read without decoding, cut where it stands, and harmless however it is spoiled."""

from io import BytesIO

import pillow_heif
import pytest
from PIL import Image

from app.files import copies, pictures
from app.files.rules import UnfitFile
from tests.pictures import PARIS, picture

HEIC = pictures.HEIC
XMP = b"<x:xmpmeta><exif:GPSLatitude>48,51N</exif:GPSLatitude></x:xmpmeta>"


def pixels(content: bytes) -> bytes:
    pillow_heif.register_heif_opener()
    with Image.open(BytesIO(content)) as opened:
        return opened.tobytes()


def with_xmp() -> bytes:
    pillow_heif.register_heif_opener()
    exif, buffer = Image.Exif(), BytesIO()
    exif.get_ifd(0x8825).update(PARIS)
    Image.effect_noise((200, 100), 60).convert("RGB").save(buffer, "HEIF", exif=exif.tobytes(), xmp=XMP)
    return buffer.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4) + kind + content


def test_a_place_is_cut_and_the_picture_stays_where_it_is() -> None:
    whole = picture("HEIF", place=True)
    found = pictures.facts(whole)
    assert (found.mime, found.place) == (HEIC, pictures.Place(48.856667, 2.352222))
    assert found.width >= 48
    assert str(found.taken_at) == "2026-11-29 09:00:00+00:00"
    cut = pictures.without_place(whole, HEIC)
    assert (len(cut), pictures.facts(cut).place, pictures.facts(cut).taken_at) == (len(whole), None, found.taken_at)
    assert pixels(cut) == pixels(whole)
    with Image.open(BytesIO(cut)) as opened:
        assert opened.getexif()[0x010F] == "Acme"
    assert pictures.without_place(cut, HEIC) == cut
    plain = picture("HEIF")
    assert pictures.without_place(plain, HEIC) == plain, "without a place not a byte is touched"


def test_a_place_is_cut_wherever_it_hides() -> None:
    whole, plain = with_xmp(), picture("HEIF")
    uuid = plain + box(b"uuid", b"\x11" * 16 + XMP)
    movie = plain + box(b"moov", b"+48.8566+002.3522/")
    for spoiled in (whole, uuid, movie, plain + XMP):
        cut = pictures.without_place(spoiled, HEIC)
        assert not any(sign in cut for sign in (b"GPS", b"+48.8566"))
        assert pixels(cut) == pixels(spoiled)
        assert pictures.without_place(cut, HEIC) == cut


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    plain = picture("HEIF")
    at = plain.index(b"ispe") + 8
    bomb = plain[:at] + (30_000).to_bytes(4) + (30_000).to_bytes(4) + plain[at + 8 :]
    with pytest.raises(UnfitFile) as refused:
        pictures.facts(bomb)
    assert refused.value.reason == "too_many_pixels"


@pytest.mark.parametrize("sizes", [b"\x00\x00", b"\x44\x00", b"\x48\x80"])
def test_boxes_that_ask_for_more_than_there_is_are_refused_at_once(sizes: bytes) -> None:
    plain = picture("HEIF")
    at = plain.index(b"iloc") + 8
    for spoiled in (
        plain[:at] + sizes + b"\xff\xff" + b"\x00\x01\x00\x00\xff\xff" * 40 + plain[at + 244 :],
        plain[:at] + sizes + b"\xff\xff" + b"\xff" * (len(plain) - at),
    ):
        with pytest.raises(UnfitFile):
            pictures.facts(spoiled)
    many = plain[: plain.index(b"meta") - 4] + box(b"meta", b"\x00" * 4 + box(b"free", b"") * 30_000)
    with pytest.raises(UnfitFile):
        pictures.facts(many)


def test_whatever_is_spoiled_is_refused_in_words_or_read() -> None:
    """Every byte of the boxes, one after another, and the file cut short anywhere."""
    whole = with_xmp()
    head = whole.index(b"mdat") + 8
    spoiled = [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(head)]
    spoiled += [whole[:at] for at in range(0, len(whole), 7)]
    read = 0
    for each in spoiled:
        try:
            mime = pictures.facts(each).mime
        except UnfitFile:
            continue
        read += 1
        pictures.without_place(each, mime)
    assert 0 < read < len(spoiled)


def test_a_picture_that_is_cut_short_has_no_copy_and_says_why() -> None:
    whole = with_xmp()
    at = whole.index(b"mdat") + 12
    with pytest.raises(copies.NotDecoded, match="cannot be decoded"):
        copies.make(whole[:at] + b"\x00" * (len(whole) - at), HEIC)
