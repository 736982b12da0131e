"""How slowly a body may come, in a made-up time: what keeps its pace arrives, however long it takes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from app.middleware import BODY_ERROR
from app.serving.bridge import PACE, READ_SECONDS, Bridge

SIZE = 5_000_000
"""Bytes of a photo."""


class MadeUpTime(asyncio.SelectorEventLoop):
    """An event loop whose clock is set forward by hand."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class Sender:
    """An exchange whose client needs `seconds` for each of its pieces."""

    def __init__(self, loop: MadeUpTime, pieces: Iterator[bytes], seconds: float) -> None:
        self._loop, self._pieces, self._seconds = loop, pieces, seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self._loop.ahead += self._seconds
            # Two rounds of the loop: one finds that a deadline has passed, the next one interrupts the reader.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            yield piece


def received(pieces: Iterator[bytes], seconds: float, most: int = SIZE) -> tuple[Any, int, float]:
    """The refusal, or None, of the request; how many bytes of it the app gets; and the seconds that it took."""
    loop = MadeUpTime()
    try:
        bridge = Bridge(lambda environ, start: [], threads=1, largest=lambda path: most)
        bridge.__rsgi_init__(loop)
        environ: dict[str, Any] = {"CONTENT_LENGTH": str(most)}
        loop.run_until_complete(bridge._read(environ, Sender(loop, pieces, seconds), most, bytearray()))  # type: ignore[arg-type]
        return environ[BODY_ERROR], len(environ["wsgi.input"].read()), loop.ahead
    finally:
        loop.close()


def pieces(size: int, each: int) -> Iterator[bytes]:
    yield from (b"x" * min(each, size - at) for at in range(0, size, each))


def test_a_photo_on_a_slow_line_arrives() -> None:
    error, length, seconds = received(pieces(SIZE, 12_500), 0.1)
    assert (error, length) == (None, SIZE)
    assert seconds > READ_SECONDS


def test_what_falls_behind_its_pace_is_given_up_at_the_next_deadline() -> None:
    fast, slow = pieces(4 * PACE, PACE), pieces(SIZE, 100)
    error, length, seconds = received((piece for part in (fast, slow) for piece in part), 1)
    assert (error.code, length) == (408, 0)
    assert 4 + READ_SECONDS <= seconds <= 4 + READ_SECONDS + 2


@pytest.mark.parametrize("each", [1, 1000])
def test_a_small_body_has_one_deadline(each: int) -> None:
    error, _, seconds = received(pieces(PACE - 1, each), 1, PACE - 1)
    assert error.code == 408
    assert seconds <= READ_SECONDS + 2
