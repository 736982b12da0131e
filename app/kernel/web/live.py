"""Whether a page has changed since a browser last saw it.

The browser asks for the page's own address again, says that it is a poll (`X-Desk-Poll`), and brings the revision it
has (`If-None-Match`). Unchanged: 304 and nothing else is read. Changed: the whole page, which static/js/live/ merges
into the one on screen. What a revision is made of: docs/decisions/0011-live.md; `app/dashboard/live.py` reads it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

from flask import Response, request

POLL_HEADER = "X-Desk-Poll"
POLL_ARGUMENT = "poll"
"""A request with either is the page looking for news by itself: no activity of the person."""

ROWS_HEADER = "X-Desk-Rows"
MOST_ROWS = 50
LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class Live:
    """How a page stays live: seconds between its polls, and the revision of what it was made from.

    Made before the data is read: what changes between the two is found by the next poll. `looked`: somebody else may be
    looking at something on it.
    """

    every: float
    revision: str
    looked: bool = True

    @property
    def unchanged(self) -> bool:
        """Whether this is a poll by a browser that has exactly this on screen."""
        return is_poll() and request.headers.get("If-None-Match") == self.tag

    def at(self, every: float) -> "Live":
        """The same at another pace, which is often known only once the data is."""
        return replace(self, every=every)

    @property
    def tag(self) -> str:
        """The revision as an entity tag: weak, because two answers differ in their form tokens."""
        return f'W/"{self.revision}"'

    def not_modified(self) -> Response:
        """304: keep what you have."""
        response = Response(status=304)
        response.headers["ETag"] = self.tag
        response.headers["Cache-Control"] = "no-store"
        return response


def revision_of(facts: Iterable[object]) -> str:
    """A short name for these facts: the same for the same facts, another one for others."""
    return blake2b(repr(tuple(facts)).encode(), digest_size=12).hexdigest()


def is_poll() -> bool:
    """Whether the page asks by itself, not the person."""
    return POLL_HEADER in request.headers or POLL_ARGUMENT in request.args


def rows_on_screen() -> list[str]:
    """The ids of the rows a polling list has on screen, at most MOST_ROWS, as text. Empty when it is no poll.

    They come from the browser: check each against the person's scope like any other id.
    """
    ids = [id.strip() for id in request.headers.get(ROWS_HEADER, "").split(",", MOST_ROWS)[:MOST_ROWS]]
    return [id for id in ids if id and len(id) <= LONGEST_ID and id.isascii()]
