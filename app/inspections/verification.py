"""What the record of an inspection proves: the chain held against what authorities have stamped, as they stamped it.

A chain that was written anew hangs together as well as the first one. So the stored statement and reply of each
authority decide, never a statement that is made again from the rows. Three results (docs/inspections.md):

- *proven*: everything agrees, and a stamp of the whole chain leads to a root that the reader brought (`TSA_ROOTS`);
- *broken*: something contradicts;
- *not proven*: nothing contradicts, but there is no stamp, or no root for one.

Pure: no database, no Flask, no clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from cryptography import x509
from rfc3161_client import VerificationError

from app.inspections import anchors, chain


class Result(StrEnum):
    """What a record proves."""

    PROVEN = "proven"
    BROKEN = "broken"
    NOT_PROVEN = "not proven"


EXIT_CODES = {Result.PROVEN: 0, Result.BROKEN: 1, Result.NOT_PROVEN: 2}
"""How `desk verify` and the bundle's script end."""


class StampedStatement(Protocol):
    """What one authority was asked to stamp, and its answer as received; None while there is none."""

    @property
    def authority(self) -> str: ...
    @property
    def statement(self) -> str: ...
    @property
    def reply(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, in a sentence. `result` is what it alone comes to."""

    result: Result
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all findings come to. `stamps` are the findings about each authority, in their order."""

    result: Result
    chain: Finding
    stamps: tuple[Finding, ...]

    @property
    def fault(self) -> str:
        """The first sentence about what contradicts; empty when nothing does."""
        return next((each.sentence for each in (self.chain, *self.stamps) if each.result == Result.BROKEN), "")


def verify(
    session: str,
    links: Sequence[chain.Link],
    stamped: Sequence[StampedStatement],
    roots: Sequence[x509.Certificate],
    *,
    length: int,
    head: str,
    people: Mapping[str, str | None] = MappingProxyType({}),
) -> Verdict:
    """The verdict on a chain that is said to have `length` events and to end in `head`.

    `people` are the personal records beside it, by SHA-256; None for one that was erased.
    """
    about_chain = _chain(session, links, length, head)
    if about_chain.result != Result.BROKEN:
        about_chain = _people(links, people) or about_chain
    stamps = tuple(_stamp(session, links, each, roots) for each in stamped)
    results = {about_chain.result, *(each.result for each in stamps)}
    if Result.BROKEN in results:
        return Verdict(Result.BROKEN, about_chain, stamps)
    proven = any(each.result == Result.PROVEN for each in stamps)
    return Verdict(Result.PROVEN if proven else Result.NOT_PROVEN, about_chain, stamps)


def _chain(session: str, links: Sequence[chain.Link], length: int, head: str) -> Finding:
    try:
        chain.verify(links, length=length, head=head)
    except chain.Broken as broken:
        return Finding(Result.BROKEN, str(broken))
    if links and json.loads(links[0].payload).get("session") != session:
        return Finding(Result.BROKEN, "The first event names another session.")
    events = "1 event" if len(links) == 1 else f"{len(links)} events"
    return Finding(Result.NOT_PROVEN, f"The chain holds: {events}, head {head}.")


def _people(links: Sequence[chain.Link], people: Mapping[str, str | None]) -> Finding | None:
    """What is wrong with the personal records. One that is not there contradicts nothing: it may have been erased."""
    named = {json.loads(link.payload).get("record") for link in links}
    for digest, content in people.items():
        if digest not in named:
            return Finding(Result.BROKEN, f"The chain does not name the personal record {digest[:10]}….")
        if content is not None and hashlib.sha256(content.encode()).hexdigest() != digest:
            return Finding(Result.BROKEN, f"The personal record {digest[:10]}… was changed.")
    return None


def _stamp(
    session: str, links: Sequence[chain.Link], stamped: StampedStatement, roots: Sequence[x509.Certificate]
) -> Finding:
    """What one authority's stamp is worth."""
    name = anchors.name_of(stamped.authority)
    contradiction = _contradiction(session, links, stamped.statement)
    if contradiction:
        return Finding(Result.BROKEN, f"{name}: {contradiction}")
    if stamped.reply is None:
        return Finding(Result.NOT_PROVEN, f"{name} has not stamped it.")
    try:
        reply = anchors.read(stamped.reply)
    except anchors.Unreadable:
        return Finding(Result.BROKEN, f"{name}: the stored answer cannot be read as a time stamp.")
    if reply.tst_info.message_imprint.message != hashlib.sha256(stamped.statement.encode()).digest():
        return Finding(Result.BROKEN, f"{name}: the time stamp is over something else than the stored statement.")
    at = reply.tst_info.gen_time.astimezone(UTC)
    if not roots:
        sentence = f"{name} stamped it at {moment(at)}, and no root certificate is configured to check that with."
        return Finding(Result.NOT_PROVEN, sentence)
    try:
        anchors.check_trust(reply, stamped.statement.encode(), roots)
    except VerificationError as error:
        return Finding(Result.NOT_PROVEN, f"{name}: the time stamp does not lead to a configured root ({error}).")
    return Finding(Result.PROVEN, f"{name} stamped it at {moment(at)}, and a configured root vouches for that.")


def _contradiction(session: str, links: Sequence[chain.Link], statement: str) -> str:
    """What of a stored statement the chain contradicts; empty when nothing does."""
    try:
        stated = json.loads(statement)
        names, events, head = stated["session"], int(stated["events"]), stated["head"]
    except (ValueError, KeyError, TypeError):
        return "the stored statement cannot be read."
    if names != session:
        return "the stamped statement names another session."
    if events < 1 or events > len(links):
        return f"{events} events were stamped, this chain has {len(links)}."
    if links[events - 1].hash != head:
        return f"event {events} is not the one that was stamped: the chain was written anew."
    if events < len(links):
        return f"{len(links) - events} more events follow the {events} that were stamped at the end."
    return ""


def moment(at: datetime) -> str:
    """`2026-05-23 10:00:14 UTC`."""
    return f"{at.isoformat(sep=' ', timespec='seconds').removesuffix('+00:00')} UTC"
