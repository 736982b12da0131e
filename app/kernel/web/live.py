"""Live pages: polls of the browser, and the revision of a page.

The browser requests the page's own address again, marks the request as a poll (`X-Desk-Poll`), and sends the revision
that it has (`If-None-Match`). Unchanged: 304, and nothing else is read. Changed: the whole page, which static/js/live/
merges into the one on screen. Revisions: docs/decisions/0011-live.md; `app/dashboard/live.py` reads them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

from flask import Response, request

POLL_HEADER = "X-Desk-Poll"
POLL_ARGUMENT = "poll"
"""A request with either is a poll of the page, not an activity of the user."""

ROWS_HEADER = "X-Desk-Rows"
START_HEADER = "X-Desk-Start"
"""The cursor after which the list on screen begins, where the address does not say it: beside an item."""
MOST_ROWS = 50
LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class Live:
    """The live state of a page: the seconds between its polls, and the revision of its data.

    It is computed before the data is read: changes between the two are found by the next poll. `looked` is whether
    other users may be viewing something on it.
    """

    every: float
    revision: str
    looked: bool = True

    @property
    def unchanged(self) -> bool:
        """Whether the request is a poll of a browser that has this revision."""
        return is_poll() and request.headers.get("If-None-Match") == self.tag

    def at(self, every: float) -> "Live":
        """The same with another interval, which is often known only after the data is read."""
        return replace(self, every=every)

    def beside(self, other: "Live") -> "Live":
        """The state of a page that also shows `other`, after a point in its revision: each half is known by itself."""
        return Live(min(self.every, other.every), f"{self.revision}.{other.revision}", self.looked or other.looked)

    @property
    def tag(self) -> str:
        """The revision as an entity tag: weak, because two answers differ in their form tokens."""
        return f'W/"{self.revision}"'

    def not_modified(self) -> Response:
        """The 304 response of an unchanged page."""
        response = Response(status=304)
        response.headers["ETag"] = self.tag
        response.headers["Cache-Control"] = "no-store"
        return response


def revision_of(facts: Iterable[object]) -> str:
    """A short digest of these facts."""
    return blake2b(repr(tuple(facts)).encode(), digest_size=12).hexdigest()


def is_poll() -> bool:
    """Whether the request is a poll of a page."""
    return POLL_HEADER in request.headers or POLL_ARGUMENT in request.args


def rows_on_screen() -> list[str]:
    """The ids of the rows that a polling list has on screen, at most MOST_ROWS, as text. Empty when it is no poll.

    They come from the browser: check each against the scope of the user like any other id.
    """
    ids = [id.strip() for id in request.headers.get(ROWS_HEADER, "").split(",", MOST_ROWS)[:MOST_ROWS]]
    return [id for id in ids if id and len(id) <= LONGEST_ID and id.isascii()]
