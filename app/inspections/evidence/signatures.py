"""What a phone signs: which file it captured when, and which capture came before, although it arrives later.

The page makes a key when a field user joins (ECDSA, P-256; its private half cannot be read out) and signs a statement
for each file that it queues: JSON with `format`, `session`, `key`, `number` (from 1, each once), `previous` (the
SHA-256 of the statement before, 64 zeros for the first) and `sha256`. Pure: no database, no Flask, no clock.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.inspections import chain
from app.inspections.verification import Finding, Result

FORMAT = "session-desk/capture/2"
FORMATS = ("session-desk/capture/1", FORMAT)
"""What is taken. The page of the former format could give a number twice: when it was open twice at once, or closed
while it wrote."""
LONGEST = 2000
"""Characters of a key or a statement."""
LARGEST_NUMBER = 999_999


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement with its signature, as the phone sent them."""

    statement: str
    signature: str


def read_key(text: str) -> bytes | None:
    """The DER of a public key on P-256 in base64; None when it is none."""
    der = _decoded(text)
    try:
        key = load_der_public_key(der) if der else None
    except ValueError:
        return None
    return der if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) else None


def is_signed(signed: Signed, der: bytes, *, session: str, key: str, sha256: str) -> bool:
    """Whether this key signed a statement about this file of this session."""
    raw, public = _decoded(signed.signature), load_der_public_key(der)
    if raw is None or len(raw) != 64 or not isinstance(public, ec.EllipticCurvePublicKey):
        return False
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    try:
        public.verify(signature, signed.statement.encode(), ec.ECDSA(SHA256()))
        stated = json.loads(signed.statement)
        named = (stated["session"], stated["key"], stated["sha256"])
        number = stated["number"]
        numbered = type(number) is int and 0 < number <= LARGEST_NUMBER and type(stated["previous"]) is str
        return named == (session, key, sha256) and stated["format"] in FORMATS and numbered
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False


def key_of(signed: Signed) -> str:
    """The SHA-256 of the key that a statement names; empty when it names none."""
    try:
        return str(json.loads(signed.statement)["key"])
    except (ValueError, KeyError, TypeError):
        return ""


def check(session: str, links: Sequence[chain.Link], people: Mapping[str, str | None]) -> Finding | None:
    """What the signatures of phones come to; None where there are none.

    `people` are the personal records, by SHA-256, in which they stand. Each must be by a key that the chain names
    before it, as that of the participant who sent it, over the file that the chain names; and those of one key must
    agree on their order.
    """
    keys: dict[str, tuple[str, bytes]] = {}
    signed_by: dict[str, list[_Capture]] = {}
    for link in links:
        payload = json.loads(link.payload)
        if link.kind == "device.enrolled":
            keys[str(payload["key"])] = str(payload["participant"]), read_key(str(payload["public"])) or b""
        if link.kind != "evidence.captured" or not (content := people.get(payload["record"])):
            continue
        record = json.loads(content)
        if "signature" not in record:
            continue
        signed = Signed(str(record["statement"]), str(record["signature"]))
        sender = str(payload["by"].get("participant", ""))
        fault = _fault(signed, keys, session, str(payload["sha256"]), sender)
        if fault:
            return Finding(Result.BROKEN, f"Event {link.sequence}: {fault}", word="signature_broken")
        signed_by.setdefault(key_of(signed), []).append(_Capture.of(link.sequence, signed))
    for captures in signed_by.values():
        if fault := _disorder(captures):
            return Finding(Result.BROKEN, fault, word="signatures_contradict")
    if not signed_by:
        return None
    n, missing, moved = (sum(map(count, signed_by.values())) for count in (len, _missing, _moved))
    are = "1 piece of evidence is signed by the phone that it came from" if n == 1 else f"{n} are signed by a phone"
    sentence = f"The signatures hold: {are}.{_gaps(missing)}{_arrivals(moved)}"
    facts = {"n": n, "missing": missing, "moved": moved}
    return Finding(Result.NOT_PROVEN, sentence, word="signatures_hold", facts=facts)


def _fault(signed: Signed, keys: Mapping[str, tuple[str, bytes]], session: str, sha256: str, sender: str) -> str:
    """What is wrong with one signature; empty when nothing is."""
    key = key_of(signed)
    owner, der = keys.get(key, ("", b""))
    if not der or hashlib.sha256(der).hexdigest() != key:
        return "the chain does not name the key of the phone that signed this."
    if owner != sender:
        return "this is signed by the phone of another participant."
    if not is_signed(signed, der, session=session, key=key, sha256=sha256):
        return "the signature of the phone is not over this file."
    return ""


@dataclass(frozen=True, slots=True)
class _Capture:
    """What a good statement says of its place among those of its phone. `digest` is its SHA-256, and `certain` whether
    the page that made it gave each number once (`FORMAT`)."""

    sequence: int
    number: int
    previous: str
    digest: str
    certain: bool

    @classmethod
    def of(cls, sequence: int, signed: Signed) -> _Capture:
        stated = json.loads(signed.statement)
        digest = hashlib.sha256(signed.statement.encode()).hexdigest()
        return cls(sequence, stated["number"], stated["previous"], digest, stated["format"] == FORMAT)


def contradicts(signed: Signed, others: Iterable[Signed]) -> bool:
    """Whether a good statement contradicts other ones that are in the record: it is not kept then, so that no phone can
    make the record of everybody broken."""
    same = [each for each in others if key_of(each) == key_of(signed)]
    return bool(_disorder([_Capture.of(n, each) for n, each in enumerate([*same, signed])]))


def _disorder(captures: Sequence[_Capture]) -> str:
    """What two statements of one phone contradict each other in; empty when nothing does. They may have been made by
    pages of before, which could give a number twice: then that is no contradiction."""
    by_number: dict[int, _Capture] = {}
    for each in captures:
        other = by_number.setdefault(each.number, each)
        if other is not each and each.certain and other.certain:
            return f"Events {other.sequence} and {each.sequence}: the phone signed both as number {each.number}."
    for each in captures:
        before = by_number.get(each.number - 1)
        if not each.certain or (before is not None and not before.certain):
            continue
        if (each.number == 1) != (each.previous == chain.GENESIS):
            return f"Event {each.sequence}: number {each.number} of the phone does not follow from the one before."
        if before is not None and each.previous != before.digest:
            return (
                f"Event {each.sequence}: number {each.number} of the phone does not follow from number "
                f"{before.number}, event {before.sequence}."
            )
    return ""


def _missing(captures: Sequence[_Capture]) -> int:
    """How many numbers before the last one are not here. A photo may be deleted before it is sent, or erased."""
    numbers = {each.number for each in captures}
    return max(numbers) - len(numbers)


def _moved(captures: Sequence[_Capture]) -> int:
    """How many arrived after one that was captured later."""
    numbers = [each.number for each in captures]
    return sum(number < latest for number, latest in zip(numbers, accumulate(numbers, max), strict=True))


def _gaps(n: int) -> str:
    if not n:
        return ""
    are = "1 that the phone numbered before others is" if n == 1 else f"{n} that a phone numbered before others are"
    return f" {are} not among them: deleted before it was sent, sent without its signature, or erased."


def _arrivals(n: int) -> str:
    return f" {n} arrived after {'one' if n == 1 else 'others'} captured later." if n else ""


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if len(text) <= LONGEST else None
    except (binascii.Error, ValueError):
        return None
