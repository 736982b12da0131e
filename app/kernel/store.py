"""The store of files that people hand in: each is written once, under a name that ends in its SHA-256.

A folder, or a bucket of S3; obstore speaks to both. Nothing is believed: what was written is read back, and what is
read must have the SHA-256 of its name. The database holds what a file is; one that no row names was never acknowledged.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import structlog

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

log = structlog.get_logger("desk.store")

ANSWER_WITHIN = timedelta(seconds=8)
"""How long one request to a bucket may take."""

TRY_AGAIN_AFTER = 5.0
"""Seconds in which a store that was away is not asked again, so that its slowness does not hold up everything else."""


PIECE = 1024 * 1024
"""Bytes of a large file that are in memory at once."""


class Away(Exception):
    """The store does not answer, is full, or may not be written to."""


class Missing(Exception):
    """There is no file of this name."""


class Damaged(Exception):
    """The file is not the one that was stored: its SHA-256 is another one."""


def digest(content: bytes) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(content).hexdigest()


def digest_of(pieces: Iterable[bytes]) -> str:
    """The SHA-256 of a file that is read a piece at a time, in hex."""
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(piece)
    return hashed.hexdigest()


def pieces_of(file: Path) -> Iterator[bytes]:
    """The bytes of a file on this machine, a piece at a time."""
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece


@cache
def store_at(url: str) -> "Store":
    """The store at EVIDENCE_URL."""
    return Store(url)


class Store:
    """Files by name. `url` is a folder, or `s3://bucket/prefix` with the usual AWS_* variables."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._folder = None if url.startswith("s3://") else Path(url).absolute()
        self._inner: LocalStore | S3Store | None = None
        self._away_until = 0.0

    def put(self, name: str, content: bytes) -> str:
        """Stores a file as `name`/SHA-256, once, and returns the SHA-256. Raises Away, and then nothing is stored.

        The same file again changes nothing. A file that is there and is not what its name says was never acknowledged,
        or was damaged since: it is written anew.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        sha256 = digest(content)
        path = f"{name}/{sha256}"
        with self._asked():
            try:
                obstore.put(self._opened(), path, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                if digest(self._read(path)) != sha256:
                    log.warning("a damaged file was written anew", name=path)
                    obstore.put(self._opened(), path, content, mode="overwrite", use_multipart=False)
            self._settle(path)
            if digest(self._read(path)) != sha256:
                raise Away("What was read back is not what was written.")
        return sha256

    def put_file(self, name: str, file: BinaryIO) -> str:
        """Like `put`, for an open file of any size: it is read from its start and read back a piece at a time. One that
        is there is written anew. Raises Away."""
        import obstore

        file.seek(0)
        sha256 = digest_of(iter(partial(file.read, PIECE), b""))
        path = f"{name}/{sha256}"
        file.seek(0)
        with self._asked():
            obstore.put(self._opened(), path, file, mode="overwrite", use_multipart=True)
            self._settle(path)
            if digest_of(self._pieces(path)) != sha256:
                raise Away("What was read back is not what was written.")
        return sha256

    def pieces(self, name: str, sha256: str, first: int, beyond: int) -> Iterator[bytes]:
        """The bytes of a file from `first` to before `beyond`, a piece at a time: for what does not fit into memory.
        Its hash is not verified, since only all of it has one; whoever receives it can. Raises Missing, Away at the
        first piece."""
        import obstore

        while first < beyond:
            end = min(first + PIECE, beyond)
            with self._asked():
                try:
                    piece = bytes(obstore.get_range(self._opened(), f"{name}/{sha256}", start=first, end=end))
                except FileNotFoundError:
                    raise Missing(f"{name}/{sha256}") from None
            yield piece
            first = end

    def get(self, name: str, sha256: str) -> bytes:
        """The file `name`/`sha256`. Raises Missing, Damaged, Away."""
        with self._asked():
            content = self._read(f"{name}/{sha256}")
        if digest(content) != sha256:
            raise Damaged(f"{name}/{sha256}")
        return content

    def delete(self, name: str, sha256: str) -> None:
        """Deletes a file, and what is left of one that was being written when its process was killed. One that is not
        there needs nothing. Raises Away."""
        import obstore

        with self._asked():
            for part in (self._folder / name).glob(f"{sha256}#*") if self._folder is not None else ():
                part.unlink(missing_ok=True)
            with _absent_is_fine():
                obstore.delete(self._opened(), f"{name}/{sha256}")

    def names(self, prefix: str) -> dict[str, datetime]:
        """The names of all files below a prefix, with when each was last written. Raises Away."""
        import obstore

        with self._asked():
            found = obstore.list(self._opened(), prefix=f"{prefix}/")
            return {each["path"]: each["last_modified"] for batch in found for each in batch}

    def _read(self, path: str) -> bytes:
        import obstore

        try:
            return bytes(obstore.get(self._opened(), path).bytes())
        except FileNotFoundError:
            raise Missing(path) from None

    def _pieces(self, path: str) -> Iterator[bytes]:
        import obstore

        for piece in obstore.get(self._opened(), path).stream(min_chunk_size=PIECE):
            yield bytes(piece)

    def _opened(self) -> "LocalStore | S3Store":
        """The store itself. A folder is made when it is first needed, for this program's account alone."""
        from obstore.store import LocalStore, S3Store

        if self._inner is None and self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._inner = LocalStore(self._folder)
        elif self._inner is None:
            endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT", "")
            self._inner = S3Store.from_url(
                self.url,
                client_options={
                    "timeout": ANSWER_WITHIN,
                    "connect_timeout": timedelta(seconds=3),
                    "allow_http": endpoint.startswith("http://"),
                },
                retry_config={"max_retries": 2, "retry_timeout": ANSWER_WITHIN},
            )
        assert self._inner is not None
        return self._inner

    def _settle(self, path: str) -> None:
        """Writes a file and its entry to the disk, so that it survives a power cut once it is acknowledged."""
        if self._folder is None:
            return
        file = self._folder / path
        for each in (file, file.parent, file.parent.parent):
            descriptor = os.open(each, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Turns every failure of the store into Away, and then leaves it alone for a moment."""
        from obstore.exceptions import BaseError

        if time.monotonic() < self._away_until:
            raise Away("The store was away a moment ago.")
        try:
            yield
        except (BaseError, OSError) as error:
            self._away_until = time.monotonic() + TRY_AGAIN_AFTER
            # The library's text names paths and addresses; its first line is enough for the log, and stays there.
            log.error("store away", kind=type(error).__name__, reason=str(error).partition("\n")[0][:300])
            raise Away(type(error).__name__) from error


@contextmanager
def _absent_is_fine() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        """It was deleted before."""
