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
from dataclasses import dataclass, field, replace
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
GRAVITY = (Result.PROVEN, Result.NOT_PROVEN, Result.BROKEN)


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
    """One thing that was checked, in a sentence. `result` is what it alone comes to; `whole` is whether it is about all
    of a session, up to its end. The same in other languages is the message `word` with `facts` (public/verify.py)."""

    result: Result
    sentence: str
    whole: bool = False
    word: str = "chain_broken"
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all findings come to. `stamps` are the findings about each authority, in their order; `files` those about
    what lies beside the chain: originals, and the signatures of phones."""

    result: Result
    chain: Finding
    stamps: tuple[Finding, ...]
    files: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, in the order in which people read them."""
        return (self.chain, *self.files, *self.stamps)

    @property
    def fault(self) -> str:
        """The first sentence about what contradicts; empty when nothing does."""
        return next((each.sentence for each in self.findings if each.result == Result.BROKEN), "")

    def also(self, *files: Finding | None) -> Verdict:
        """The same with what else was looked at. One that contradicts makes all of it broken."""
        found = tuple(each for each in files if each is not None)
        broken = any(each.result == Result.BROKEN for each in found)
        return replace(self, files=(*self.files, *found), result=Result.BROKEN if broken else self.result)


def verify(
    session: str,
    links: Sequence[chain.Link],
    stamped: Sequence[StampedStatement],
    roots: Sequence[x509.Certificate],
    *,
    length: int,
    head: str,
    people: Mapping[str, str | None] = MappingProxyType({}),
    wordings: Mapping[str, str] | None = None,
) -> Verdict:
    """The verdict on a chain that is said to have `length` events and to end in `head`.

    `people` are the personal records beside it, by SHA-256; None for one that was erased. `wordings` are the words in
    which consent was asked, by SHA-256; None where they are not looked at.
    """
    about_chain = _chain(session, links, length, head)
    if about_chain.result != Result.BROKEN:
        about_chain = _people(links, people) or _wordings(links, wordings) or about_chain
    stamps = tuple(_stamp(session, links, each, stamped, roots) for each in stamped)
    if about_chain.result != Result.BROKEN:
        about_chain = replace(about_chain, sentence=f"{about_chain.sentence}{_since(links, stamped)}")
    results = {about_chain.result, *(each.result for each in stamps)}
    if Result.BROKEN in results:
        return Verdict(Result.BROKEN, about_chain, stamps)
    proven = any(each.result == Result.PROVEN and each.whole for each in stamps)
    return Verdict(Result.PROVEN if proven else Result.NOT_PROVEN, about_chain, stamps)


def _chain(session: str, links: Sequence[chain.Link], length: int, head: str) -> Finding:
    try:
        chain.verify(links, length=length, head=head)
    except chain.Broken as broken:
        return Finding(Result.BROKEN, str(broken))
    if links and json.loads(links[0].payload).get("session") != session:
        return Finding(Result.BROKEN, "The first event names another session.")
    end = _end(links)
    late = next((link for link in links[end:] if link.kind not in chain.AFTER_END), None) if end else None
    if late is not None:
        return Finding(Result.BROKEN, f"Event {late.sequence} ({late.kind}) follows the end of the session.")
    # Phones without a connection send after the end what they captured before.
    n = sum(link.kind == "evidence.captured" for link in links[end:]) if end else 0
    arrived = f" {n} {'piece' if n == 1 else 'pieces'} of evidence arrived after the end." if n else ""
    sentence = f"The chain holds: {_events(len(links))}, head {head}.{arrived}"
    return Finding(Result.NOT_PROVEN, sentence, word="chain_holds", facts={"n": len(links), "late": n})


def _end(links: Sequence[chain.Link]) -> int:
    """The number of the event that ended the session; 0 while it goes on."""
    return next((link.sequence for link in links if link.kind == chain.END), 0)


def _events(n: int) -> str:
    return "1 event" if n == 1 else f"{n} events"


def _since(links: Sequence[chain.Link], stamped: Sequence[StampedStatement]) -> str:
    """How many events came after the last one that was stamped."""
    numbers = [_stated(each.statement).events for each in stamped if each.reply is not None]
    after = len(links) - max(numbers, default=len(links))
    return f" {_events(after)} came after the last time stamp." if after > 0 else ""


def _people(links: Sequence[chain.Link], people: Mapping[str, str | None]) -> Finding | None:
    """What is wrong with the personal records. One that is not there contradicts nothing: it may have been erased."""
    named = {json.loads(link.payload).get("record") for link in links}
    for digest, content in people.items():
        if digest not in named:
            sentence = f"The chain does not name the personal record {digest[:10]}…."
            return Finding(Result.BROKEN, sentence, word="people_broken")
        if content is not None and hashlib.sha256(content.encode()).hexdigest() != digest:
            sentence = f"The personal record {digest[:10]}… was changed."
            return Finding(Result.BROKEN, sentence, word="people_broken")
    return None


def wordings_of(links: Sequence[chain.Link]) -> set[str]:
    """The SHA-256 of the words of consent that a chain names."""
    asked = (json.loads(link.payload).get("wording") for link in links if link.kind.startswith("consent."))
    return {str(wording) for wording in asked if wording}


def _wordings(links: Sequence[chain.Link], wordings: Mapping[str, str] | None) -> Finding | None:
    """What is wrong with the words in which consent was asked. They are never erased."""
    if wordings is None:
        return None
    named, word = wordings_of(links), "wordings_broken"
    for digest in sorted(named):
        if digest not in wordings:
            return Finding(Result.BROKEN, f"The words of consent {digest[:10]}… are missing.", word=word)
        if hashlib.sha256(wordings[digest].encode()).hexdigest() != digest:
            return Finding(Result.BROKEN, f"The words of consent {digest[:10]}… were changed.", word=word)
    if extra := set(wordings) - named:
        return Finding(Result.BROKEN, f"The chain does not name the words of consent {min(extra)[:10]}….", word=word)
    return None


def _stamp(
    session: str,
    links: Sequence[chain.Link],
    stamped: StampedStatement,
    others: Sequence[StampedStatement],
    roots: Sequence[x509.Certificate],
) -> Finding:
    """What one authority's stamp is worth."""
    name, stated = anchors.name_of(stamped.authority), _stated(stamped.statement)
    facts: dict[str, object] = {"authority": name}

    def found(result: Result, sentence: str, word: str, whole: bool = False) -> Finding:
        return Finding(result, sentence, whole, f"stamp_{word}", facts)

    contradiction = _contradiction(session, links, stated, others)
    if contradiction:
        return found(Result.BROKEN, f"{name}: {contradiction}", "broken")
    if stamped.reply is None:
        return found(Result.NOT_PROVEN, f"{name} has not stamped {_subject(links, stated)}.", "missing")
    try:
        token = anchors.token_of(stamped.reply)
    except anchors.Unreadable:
        return found(Result.BROKEN, f"{name}: the stored answer cannot be read as a time stamp.", "broken")
    if token.message_imprint.message != hashlib.sha256(stamped.statement.encode()).digest():
        sentence = f"{name}: the time stamp is over something else than the stored statement."
        return found(Result.BROKEN, sentence, "broken")
    facts["at"] = token.gen_time.astimezone(UTC)
    done = f"{name} (policy {token.policy.dotted_string}) stamped {_subject(links, stated)}"
    at = f"at {moment(token.gen_time.astimezone(UTC))}"
    if not roots:
        sentence = f"{done} {at}, and no root certificate is configured to check that with."
        return found(Result.NOT_PROVEN, sentence, "rootless")
    try:
        anchors.check_trust(stamped.reply, stamped.statement.encode(), roots)
    except VerificationError as error:
        sentence = f"{name}: the time stamp does not lead to a configured root ({error})."
        return found(Result.NOT_PROVEN, sentence, "untrusted")
    whole = 0 < _end(links) <= stated.events
    word = "whole" if whole else "renewed" if stated.renewed else "part"
    return found(Result.PROVEN, f"{done} {at}, and a configured root vouches for that.", word, whole)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a stored statement says: a number of events with their head, or, in a renewal, digests of earlier stamps."""

    session: str = ""
    events: int = 0
    head: str = ""
    renewed: tuple[tuple[str, str], ...] = ()


def _stated(statement: str) -> _Stated:
    """Reads a statement; of one that cannot be read nothing is known."""
    try:
        read = json.loads(statement)
        if read.get("format") == chain.RENEWAL_FORMAT:
            renewed = tuple((str(each["statement"]), str(each["reply"])) for each in read["stamps"])
            return _Stated(str(read["session"]), renewed=renewed)
        return _Stated(str(read["session"]), int(read["events"]), str(read["head"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _Stated()


def events_of(statement: str) -> int:
    """How many events a statement is about; 0 for a renewal."""
    return _stated(statement).events


def renewed_by(statement: str) -> tuple[tuple[str, str], ...]:
    """The stamps that a renewal is about, as the SHA-256 of statement and reply; none of another statement."""
    return _stated(statement).renewed


def _subject(links: Sequence[chain.Link], stated: _Stated) -> str:
    """What a statement is about, in words."""
    if stated.renewed:
        return "1 earlier time stamp anew" if len(stated.renewed) == 1 else f"{len(stated.renewed)} earlier ones anew"
    return "it" if 0 < _end(links) <= stated.events else f"the first {_events(stated.events)}"


def _contradiction(
    session: str, links: Sequence[chain.Link], stated: _Stated, others: Sequence[StampedStatement]
) -> str:
    """What of a stored statement the record contradicts; empty when nothing does."""
    if not stated.session:
        return "the stored statement cannot be read."
    if stated.session != session:
        return "the stamped statement names another session."
    if stated.renewed:
        there = {
            (hashlib.sha256(each.statement.encode()).hexdigest(), hashlib.sha256(each.reply).hexdigest())
            for each in others
            if each.reply is not None
        }
        return "" if there.issuperset(stated.renewed) else "an earlier time stamp is missing that was stamped anew."
    if stated.events < 1 or stated.events > len(links):
        return f"{stated.events} events were stamped, this chain has {len(links)}."
    if links[stated.events - 1].hash != stated.head:
        return f"event {stated.events} is not the one that was stamped: the chain was written anew."
    return ""


def moment(at: datetime) -> str:
    """`2026-05-23 10:00:14 UTC`."""
    return f"{at.isoformat(sep=' ', timespec='seconds').removesuffix('+00:00')} UTC"
