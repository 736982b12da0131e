"""Where a file lies in the store: in a folder of what it belongs to, an inspection or a prescreen.

A file that lies in the store and that no row names was never acknowledged. It is there so that a row never names a file
that is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from app.files import copies as cleaned
from app.files.rules import NAME_LENGTH, UnfitFile
from app.kernel import store
from app.kernel.text import normalization


def originals(owner: UUID) -> str:
    """Where the originals of an inspection or a prescreen lie in the store."""
    return f"originals/{owner}"


def copies(owner: UUID) -> str:
    """Where its cleaned copies and thumbnails lie."""
    return f"copies/{owner}"


def keep(kept: store.Store, owner: UUID, content: bytes) -> None:
    """Puts an original into the store. Raises UnfitFile when the store is away or full: nothing is kept then."""
    try:
        kept.put(originals(owner), content)
    except store.Away:
        raise UnfitFile("away", 503) from None


def hash_of(kept: store.Store, owner: UUID, sha256: str) -> str | None:
    """The SHA-256 of the original that is kept under this one; None when there is none. Raises Away."""
    try:
        return store.digest(kept.get(originals(owner), sha256))
    except store.Missing:
        return None
    except store.Damaged:
        return ""


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of the copies of a picture: their hashes and the copy's size, or the sentence why there are none.

    `finished` is whether the copy is another file than the plain one.
    """

    copy: str | None = None
    thumbnail: str | None = None
    size: tuple[int, int] | None = None
    failure: str = ""
    finished: bool = False


def make_copies(
    kept: store.Store, owner: UUID, sha256: str, mime: str, finish: Callable[[bytes], bytes] | None = None
) -> Copied:
    """Makes and stores the cleaned copy and the thumbnail of a picture; `finish` may add to the copy. Raises Away."""
    try:
        made = cleaned.make(kept.get(originals(owner), sha256), mime)
    except (store.Missing, store.Damaged):
        return Copied(failure="The original in the store is missing or damaged.")
    except cleaned.NotDecoded as undecodable:
        return Copied(failure=str(undecodable))
    copy = finish(made.copy) if finish else made.copy
    names = [kept.put(copies(owner), each) for each in (copy, made.thumbnail)]
    return Copied(names[0], names[1], (made.width, made.height), finished=copy is not made.copy)


def delete(kept: store.Store, owner: UUID, sha256: str, *copied: str | None) -> None:
    """Deletes an original with its copies. Raises Away."""
    kept.delete(originals(owner), sha256)
    for each in filter(None, copied):
        kept.delete(copies(owner), each)


def delete_all(kept: store.Store, owner: UUID) -> None:
    """Deletes every original and copy of an owner. Raises Away."""
    for folder in (originals(owner), copies(owner)):
        for name in kept.names(folder):
            kept.delete(*name.rsplit("/", 1))


def file_name(name: str) -> str:
    """A file's name as it may be shown and suggested: no folders, no signs that cannot be seen or turn it around."""
    last = re.split(r"[/\\]", name)[-1].replace("\x00", "").encode("utf-8", "replace").decode()
    return normalization.name(last)[:NAME_LENGTH].strip()
