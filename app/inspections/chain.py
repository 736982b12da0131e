"""The chain: what happened in one inspection, each event sealed with the hash of the one before it.

Pure: no database, no Flask, no clock. The format must be verifiable years later without us, so it
never changes silently (docs/inspections.md):

    hash = SHA-256 over five UTF-8 lines joined by "\n", no line break at the end:
        sequence      decimal, from 1
        prev_hash     64 lowercase hex digits; 64 zeros for event 1
        kind          e.g. participant.joined
        payload       RFC 8785 canonical JSON
        occurred_at   UTC, milliseconds, e.g. 2026-05-23T10:00:14.000Z

What an authority stamps is a statement of session, head *and* number of events, so that a shortened chain shows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

GENESIS = "0" * 64
STATEMENT_FORMAT = "session-desk/chain-statement/1"
RENEWAL_FORMAT = "session-desk/renewal-statement/1"
END = "session.ended"
AFTER_END = frozenset(
    ("record.erased", "evidence.erased", "consent.withdrawn", "evidence.captured", "evidence.remarked")
)
"""What may still happen to a record whose session has ended."""
KIND = re.compile(r"[a-z]+(\.[a-z]+)*")


class Broken(ValueError):
    """The chain does not hold. The sentence says where and why."""


@dataclass(frozen=True, slots=True)
class Link:
    """One sealed event. `payload` is the canonical text that was hashed, not a parsed copy of it."""

    sequence: int
    prev_hash: str
    kind: str
    payload: str
    occurred_at: str
    hash: str

    def preimage(self) -> bytes:
        """The exact bytes whose SHA-256 is the hash."""
        return preimage(self.sequence, self.prev_hash, self.kind, self.payload, self.occurred_at)


def canonical(payload: Mapping[str, Any]) -> str:  # JSON
    """RFC 8785 text of a payload. Raises ValueError for what JSON cannot carry (NaN, lone surrogates, 2**53)."""
    return rfc8785.dumps(dict(payload)).decode("utf-8")


def instant(moment: datetime) -> str:
    """UTC with exactly three decimals, e.g. 2026-05-23T10:00:14.000Z; finer digits are cut off, never rounded up."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def preimage(sequence: int, prev_hash: str, kind: str, payload: str, occurred_at: str) -> bytes:
    """The five lines of one event. Raises ValueError if a part could pass for two lines."""
    parts = (str(sequence), prev_hash, kind, payload, occurred_at)
    if any("\n" in part or "\r" in part for part in parts):
        raise ValueError("No part of a chain event may contain a line break.")
    return "\n".join(parts).encode("utf-8")


def seal(length: int, head: str, kind: str, payload: Mapping[str, Any], occurred_at: datetime) -> Link:  # JSON
    """The event that follows a chain of `length` events ending in `head`."""
    if not KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is not the name of a chain event.")
    sequence, text, moment = length + 1, canonical(payload), instant(occurred_at)
    digest = hashlib.sha256(preimage(sequence, head, kind, text, moment)).hexdigest()
    return Link(sequence, head, kind, text, moment, digest)


def verify(links: Iterable[Link], *, length: int | None = None, head: str | None = None) -> tuple[int, str]:
    """Check every event and every connection; returns (number of events, head).

    With `length` and `head` (from the statement an authority stamped) a chain that was cut short is found as well.
    Raises Broken with a sentence naming the first event that does not hold.
    """
    count, previous = 0, GENESIS
    for link in links:
        count += 1
        if link.sequence != count:
            raise Broken(f"Event {count} is missing: event {link.sequence} stands in its place.")
        if link.prev_hash != previous:
            raise Broken(f"Event {count} does not follow from event {count - 1}: its prev_hash is another one.")
        if hashlib.sha256(link.preimage()).hexdigest() != link.hash:
            raise Broken(f"Event {count} was changed: its content does not give its hash.")
        previous = link.hash
    if length is not None and count != length:
        raise Broken(f"The statement speaks of {length} events, this chain has {count}.")
    if head is not None and previous != head:
        raise Broken("The statement names another head than this chain ends in.")
    return count, previous


def statement(session: str, head: str, events: int) -> bytes:
    """What the authorities stamp: RFC 8785 JSON of session, head and number of events; no line break at the end."""
    words: dict[str, str | int] = {"format": STATEMENT_FORMAT, "session": session, "head": head, "events": events}
    return rfc8785.dumps({**words})


def renewal(session: str, stamps: Iterable[tuple[bytes, bytes]]) -> bytes:
    """What authorities stamp to renew earlier stamps, given as statement and reply: the SHA-256 of each of both."""
    digests = [
        {"statement": hashlib.sha256(statement).hexdigest(), "reply": hashlib.sha256(reply).hexdigest()}
        for statement, reply in stamps
    ]
    return rfc8785.dumps({"format": RENEWAL_FORMAT, "session": session, "stamps": digests})
