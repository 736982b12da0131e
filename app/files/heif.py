"""HEIC, as iPhones write it: size and EXIF from the boxes of the file, and how a place is cut from it.

Nothing here decodes: the library that does (pillow-heif) is for the worker alone. What is cut is overwritten where it
stands, so that every offset in the file, and the picture itself, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis"))
"""Still pictures in HEVC. `mif1` alone says no more than that it is a picture."""
PLAIN = frozenset((b"ftyp", b"meta", b"mdat", b"free", b"skip"))
"""Boxes of a still picture; another one may hold anything."""
METADATA = frozenset((b"Exif", b"mime", b"uri "))
"""Items beside the picture."""


MOST = 20_000
"""Boxes or items of one file; an iPhone's picture has some hundreds."""


class Damaged(ValueError):
    """The boxes of the file cannot be read."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, where it begins, where its content begins, where it ends."""

    kind: bytes
    start: int
    content: int
    end: int


@dataclass(slots=True)
class Heif:
    """What the boxes say. `items` are those beside the picture: type and the stretches of the file that hold each."""

    width: int = 0
    height: int = 0
    items: list[tuple[bytes, list[tuple[int, int]]]] = field(default_factory=list)
    others: list[Box] = field(default_factory=list)
    end: int = 0


def is_heif(content: bytes) -> bool:
    """Whether a file says at its beginning that it is a HEIC picture."""
    size = int.from_bytes(content[:4])
    brands = content[8 : min(size, 200)]
    return content[4:8] == b"ftyp" and any(brands[at : at + 4] in BRANDS for at in range(0, len(brands), 4) if at != 4)


def read(content: bytes) -> Heif:
    """Reads the boxes. Raises Damaged."""
    found, meta = Heif(), None
    for box in _boxes(content, 0, len(content)):
        found.end = box.end
        if box.kind == b"meta":
            meta = box
        elif box.kind not in PLAIN:
            found.others.append(box)
    if meta is None:
        raise Damaged("no meta box")
    inner = {box.kind: box for box in _boxes(content, meta.content + 4, meta.end)}
    if not {b"iprp", b"iloc", b"iinf"} <= inner.keys():
        raise Damaged("no picture")
    for properties in _boxes(content, inner[b"iprp"].content, inner[b"iprp"].end):
        if properties.kind == b"ipco":
            for each in _boxes(content, properties.content, properties.end):
                if each.kind == b"ispe":  # of the whole, of each tile, of a thumbnail: the whole is the largest
                    found.width = max(found.width, _number(content, each.content + 4, 4))
                    found.height = max(found.height, _number(content, each.content + 8, 4))
    if not found.width or not found.height:
        raise Damaged("no size")
    places = _places(content, inner[b"iloc"], inner.get(b"idat"))
    types = _types(content, inner[b"iinf"])
    found.items = [(kind, places.get(id, [])) for id, kind in types.items() if kind in METADATA]
    return found


def exif_blocks(content: bytes) -> list[bytes]:
    """The EXIF blocks, each from its TIFF head on. Raises Damaged."""
    blocks = []
    for kind, places in read(content).items:
        if kind == b"Exif":
            whole = b"".join(content[start:end] for start, end in places)
            blocks.append(whole[4 + int.from_bytes(whole[:4]) :])
    return blocks


def other_metadata(content: bytes) -> bool:
    """Whether there is anything besides picture and EXIF: XMP, other boxes, bytes behind them. Raises Damaged."""
    found = read(content)
    filled = (
        content[start:end].strip(b" \x00") for kind, places in found.items if kind != b"Exif" for start, end in places
    )
    return any(filled) or any(box.kind != b"free" for box in found.others) or found.end < len(content)


def without(content: bytes, exif: bytes) -> bytes:
    """The same picture with this EXIF block (from its TIFF head on) instead of all that stands beside the picture.
    Raises Damaged."""
    found, cut = read(content), bytearray(content)
    block = b"\x00\x00\x00\x00" + exif
    for kind, places in found.items:
        room = sum(end - start for start, end in places)
        fill = block if kind == b"Exif" and len(block) <= room else b"\x00" * 4 if kind == b"Exif" else b""
        fill = fill.ljust(room, b"\x00" if kind == b"Exif" else b" ")
        for start, end in places:
            cut[start:end], fill = fill[: end - start], fill[end - start :]
        block = b"\x00" * 4
    for box in found.others:
        cut[box.start + 4 : box.start + 8] = b"free"
        cut[box.content : box.end] = b"\x00" * (box.end - box.content)
    return bytes(cut[: found.end])


def _number(content: bytes, at: int, size: int) -> int:
    if at + size > len(content):
        raise Damaged("cut short")
    return int.from_bytes(content[at : at + size])


def _boxes(content: bytes, at: int, end: int) -> Iterator[Box]:
    for _ in range(MOST):
        if at + 8 > end:
            return
        size, head = _number(content, at, 4), 8
        if size == 1:
            size, head = _number(content, at + 8, 8), 16
        stop = end if size == 0 else at + size
        if stop > end or stop < at + head:
            if content[:at].find(b"meta") < 0 or end < len(content):
                raise Damaged("cut short")
            return  # bytes behind the last box
        yield Box(content[at + 4 : at + 8], at, at + head, stop)
        at = stop
    raise Damaged("too many boxes")


def _types(content: bytes, box: Box) -> dict[int, bytes]:
    """The type of each item."""
    short = content[box.content] == 0
    at, types = box.content + (6 if short else 8), {}
    for each in _boxes(content, at, box.end):
        if each.kind == b"infe" and (version := content[each.content]) >= 2:
            size = 2 if version == 2 else 4
            id = _number(content, each.content + 4, size)
            types[id] = content[each.content + 6 + size : each.content + 10 + size]
    return types


def _places(content: bytes, box: Box, data: Box | None) -> dict[int, list[tuple[int, int]]]:
    """Where in the file each item stands. Raises Damaged for one that would stand outside of it."""
    version, at = content[box.content], box.content + 4
    sizes, more = _number(content, at, 1), _number(content, at + 1, 1)
    offset, length, base, index = sizes >> 4, sizes & 15, more >> 4, more & 15 if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    count, at = _number(content, at + 2, wide), at + 2 + wide
    places: dict[int, list[tuple[int, int]]] = {}
    room, steps = len(content), MOST
    for _ in range(count):
        id, at = _number(content, at, wide), at + wide
        inside = False
        if version in (1, 2):
            inside, at = _number(content, at, 2) & 15 == 1, at + 2
        first, at = _number(content, at + 2, base), at + 2 + base
        extents, at = _number(content, at, 2), at + 2
        steps -= 1 + extents
        if steps < 0:
            raise Damaged("too many items")
        first += data.content if inside and data is not None else 0
        for _ in range(extents):
            at += index
            start, at = first + _number(content, at, offset), at + offset
            size, at = _number(content, at, length), at + length
            room -= size
            if start + size > len(content) or room < 0:
                raise Damaged("more than there is")
            places.setdefault(id, []).append((start, start + size))
    return places
