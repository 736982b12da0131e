"""The layout of a bundle: how an event is a line of `events.jsonl`, and a zip's entry.

Canonical JSON of an object holds the canonical JSON of its members as it is, so that a line holds the very text that
was hashed, and stock tools cut it out again.
"""

from __future__ import annotations

import re

from app.inspections import chain

FORMAT = "session-desk/bundle/2"
LINE = re.compile(
    r'\{"hash":"([0-9a-f]{64})","kind":"([a-z.]*)","occurred_at":"([0-9T:.Z-]*)","payload":(\{.*\}),'
    r'"prev_hash":"([0-9a-f]{64})","sequence":([0-9]+)\}'
)
"""One event. `verify.sh` reads it by the same expression."""


def line_of(link: chain.Link) -> str:
    """An event as canonical JSON, its payload as it was hashed."""
    return (
        f'{{"hash":"{link.hash}","kind":"{link.kind}","occurred_at":"{link.occurred_at}","payload":{link.payload},'
        f'"prev_hash":"{link.prev_hash}","sequence":{link.sequence}}}'
    )


def link_of(line: str) -> chain.Link:
    """The event of a line. Raises ValueError."""
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError("This is no event of a bundle.")
    digest, kind, occurred_at, payload, previous, sequence = found.groups()
    return chain.Link(int(sequence), previous, kind, payload, occurred_at, digest)
