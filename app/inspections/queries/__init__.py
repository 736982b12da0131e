"""Reads of the inspections room: one inspection with what belongs to it (sessions.py), and the desk's list (board.py).

Statements are built once. Nothing here counts rows of a growing table: counts come from the kept counters
(inspection_counts), what is bounded by a day from an index range.
"""

from app.inspections.queries.detail import (
    anchors,
    campaigns,
    get,
    invite,
    invite_by_field_token,
    invite_by_token,
    invites,
    invites_of,
    letters,
    links,
    one,
    wire_page,
    wrong_codes,
    wrong_codes_of,
    wrong_of,
)

__all__ = [
    "anchors",
    "campaigns",
    "get",
    "invite",
    "invite_by_field_token",
    "invite_by_token",
    "invites",
    "invites_of",
    "letters",
    "links",
    "one",
    "wire_page",
    "wrong_codes",
    "wrong_codes_of",
    "wrong_of",
]
