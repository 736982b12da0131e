"""Time-stamping authorities (RFC 3161): ask one for its word on a statement, and read what it answers.

Asking is the worker's. A reply counts when it is a granted stamp over exactly our statement and our question, made now,
and, where `TSA_ROOTS` names root certificates, leads to one of them. It is kept as it was received, so nothing is lost
if this reading is too narrow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_der_x509_certificate
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
)
from rfc3161_client import decode_timestamp_response as decode

from app.kernel.outbox import http_client

SECONDS = 15.0
CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much the clock of an authority may differ from ours when its answer arrives."""
LONGEST_REPLY = 64 * 1024


class Unreachable(Exception):
    """The authority gave no usable answer, or not now: worth asking again."""


class Unreadable(ValueError):
    """What was received cannot be read as a time stamp."""


class Refused(Exception):
    """The authority refused in so many words, or stamped another statement: asking again will not help."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A good reply: the raw bytes and the time the authority put on it (UTC)."""

    reply: bytes
    stamped_at: datetime


def name_of(url: str) -> str:
    """What people call an authority: its host, and the port where it is not the usual one."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return f"{parts.hostname}:{port}" if parts.hostname and port else parts.hostname or url


def ask(url: str, statement: bytes, roots: Sequence[Certificate], now: datetime) -> Stamp:
    """Has `statement` stamped. Raises Unreachable or Refused with a sentence; takes 15 seconds at most.

    With `roots` the stamp must lead to one of them.
    """
    question = TimestampRequestBuilder().data(statement).hash_algorithm(HashAlgorithm.SHA256).nonce().build()
    reply = _post(url, question.as_bytes())
    try:
        answer = read(reply)
    except Unreadable as unreadable:
        raise Unreachable(str(unreadable)) from None
    check(answer, statement, question.nonce)
    stamped_at = answer.tst_info.gen_time.astimezone(UTC)
    if abs(stamped_at - now) > CLOCKS_DIFFER:
        raise Unreachable(f"The clock of {name_of(url)} differs from ours by more than {CLOCKS_DIFFER}.")
    if roots:
        try:
            check_trust(answer, statement, roots)
        except VerificationError as error:
            raise Unreachable(f"The answer does not lead to a configured root certificate: {error}.") from None
    return Stamp(reply, stamped_at)


def check_trust(answer: TimeStampResponse, statement: bytes, roots: Sequence[Certificate]) -> None:
    """Raises VerificationError unless the stamp leads to one of the roots, by certificates that were valid when it was
    made, of which the signing one is for time stamps alone."""
    builder = VerifierBuilder()
    for root in dict.fromkeys(roots):
        builder = builder.add_root_certificate(root)
    builder.build().verify_message(answer, statement)


def certificates(reply: bytes) -> list[Certificate]:
    """The certificates that came with a reply, the signing one first. They prove nothing by themselves."""
    try:
        signed = read(reply).signed_data
        found = [load_der_x509_certificate(der) for der in signed.certificates]
        signers = [(signer.issuer, signer.serial_number) for signer in signed.signer_infos]
    except ValueError:
        return []
    return sorted(found, key=lambda each: ((each.issuer, each.serial_number) not in signers, each.serial_number))


def _post(url: str, body: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    to = urlsplit(url)
    secure, host = to.scheme == "https", to.hostname or ""
    try:
        answer = http_client.post_and_read(
            host,
            to.port or (443 if secure else 80),
            (to.path or "/") + (f"?{to.query}" if to.query else ""),
            secure=secure,
            body=body,
            headers={"Host": to.netloc.rpartition("@")[2], **headers},
            seconds=SECONDS,
            most=LONGEST_REPLY,
        )
    except (http_client.NoAnswer, ValueError):
        raise Unreachable(f"{name_of(url)} could not be reached.") from None
    if answer.status != 200:
        raise Unreachable(f"{name_of(url)} answered with status {answer.status}.")
    if len(answer.body) > LONGEST_REPLY:
        raise Unreachable(f"{name_of(url)} answered with more than 64 KiB, which is no time stamp.")
    return answer.body


def read(reply: bytes) -> TimeStampResponse:
    """Parses a reply, sorting its certificates first where the authority did not. Raises Unreadable."""
    try:
        return decode(reply)
    except ValueError:
        pass
    try:
        return decode(sort_certificates(reply))
    except (ValueError, IndexError):
        raise Unreadable("The answer cannot be read as a time stamp.") from None


def check(answer: TimeStampResponse, statement: bytes, nonce: int | None) -> None:
    """Raises Refused unless the answer is a granted stamp over exactly this statement, and Unreachable unless it is one
    to this question."""
    if answer.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        words = "; ".join(str(word) for word in (answer.status_string or []))[:200]
        raise Refused(f"The authority refused to stamp{f': {words}' if words else ''}.")
    if answer.tst_info.message_imprint.message != hashlib.sha256(statement).digest():
        raise Refused("The authority stamped something else than our statement.")
    if nonce is not None and answer.tst_info.nonce != nonce:
        raise Unreachable("The answer belongs to another question.")


def sort_certificates(reply: bytes) -> bytes:
    """Puts the certificates of a reply into DER order, which the parser demands and many authorities do not keep.

    Only bytes outside the signature move, and none change, so the reply verifies as before. Raises ValueError or
    IndexError when the reply is not TimeStampResp > ContentInfo > SignedData as in RFC 3161 and RFC 5652.
    """
    whole = (0, 0, len(reply))
    response = _children(reply, whole)[0]
    token = _children(reply, response)[1]
    content = _children(reply, token)[1]
    signed = _children(reply, content)[0]
    found = [part for part in _children(reply, signed) if reply[part[0]] == 0xA0]
    if not found:
        return reply
    _, start, end = found[0]
    certificates = sorted(reply[a:b] for a, _, b in _children(reply, found[0]))
    return reply[:start] + b"".join(certificates) + reply[end:]


def _children(der: bytes, parent: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """The elements inside one: (where it begins, where its content begins, where it ends)."""
    _, start, end = parent
    parts = []
    while start < end:
        content, stop = _header(der, start)
        parts.append((start, content, stop))
        start = stop
    return parts


def _header(der: bytes, at: int) -> tuple[int, int]:
    first = der[at + 1]
    if first < 0x80:
        return at + 2, at + 2 + first
    count = first & 0x7F
    if not 1 <= count <= 4:
        raise ValueError("This is not DER.")
    length = int.from_bytes(der[at + 2 : at + 2 + count], "big")
    return at + 2 + count, at + 2 + count + length
