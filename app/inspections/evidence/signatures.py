"""What a phone signs: which file it captured when, and which capture came before, although it arrives later.

The page makes a key when a field user joins (ECDSA, P-256; its private half cannot be read out) and signs a statement
for each file that it queues: JSON with `format`, `session`, `key`, `number`, `previous` (the SHA-256 of the statement
before) and `sha256`. Pure: no database, no Flask, no clock.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.inspections import chain
from app.inspections.verification import Finding, Result

FORMAT = "session-desk/capture/1"
LONGEST = 2000
"""Characters of a key or a statement."""


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
        named = (stated["format"], stated["session"], stated["key"], stated["sha256"])
        return named == (FORMAT, session, key, sha256) and type(stated["number"]) is int
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
    before it, over the file that the chain names.
    """
    keys: dict[str, bytes] = {}
    n = 0
    for link in links:
        payload = json.loads(link.payload)
        if link.kind == "device.enrolled":
            keys[str(payload["key"])] = read_key(str(payload["public"])) or b""
        if link.kind != "evidence.captured" or not (content := people.get(payload["record"])):
            continue
        record = json.loads(content)
        if "signature" not in record:
            continue
        signed = Signed(str(record["statement"]), str(record["signature"]))
        fault = _fault(signed, keys, session, str(payload["sha256"]))
        if fault:
            return Finding(Result.BROKEN, f"Event {link.sequence}: {fault}", word="signature_broken")
        n += 1
    if not n:
        return None
    are = "1 piece of evidence is signed by the phone that it came from" if n == 1 else f"{n} are signed by a phone"
    return Finding(Result.NOT_PROVEN, f"The signatures hold: {are}.", word="signatures_hold", facts={"n": n})


def _fault(signed: Signed, keys: Mapping[str, bytes], session: str, sha256: str) -> str:
    """What is wrong with one signature; empty when nothing is."""
    key = key_of(signed)
    der = keys.get(key)
    if not der or hashlib.sha256(der).hexdigest() != key:
        return "the chain does not name the key of the phone that signed this."
    if not is_signed(signed, der, session=session, key=key, sha256=sha256):
        return "the signature of the phone is not over this file."
    return ""


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if len(text) <= LONGEST else None
    except (binascii.Error, ValueError):
        return None
