"""Time-stamping authorities (RFC 3161): ask one for its word on a statement, and read what it answers.

Called by the worker only. What is checked here is that the reply is a granted stamp over exactly our statement and our
question; whether the authority deserves trust is for the verifier to decide, with that authority's root certificate
(docs/inspections.md). The raw reply is kept, so nothing is lost if this reading is too narrow.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from rfc3161_client import HashAlgorithm, PKIStatus, TimestampRequestBuilder, TimeStampResponse
from rfc3161_client import decode_timestamp_response as decode

from app.kernel.outbox import http_client

SECONDS = 15.0
LONGEST_REPLY = 64 * 1024


class Unreachable(Exception):
    """The authority did not answer, or not now: worth asking again."""


class Refused(Exception):
    """The authority answered, and its answer is no time stamp for our statement: asking again will not help."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A good reply: the raw bytes and the time the authority put on it (UTC)."""

    reply: bytes
    stamped_at: datetime


def name_of(url: str) -> str:
    """What people call an authority: its host."""
    return urlsplit(url).hostname or url


def ask(url: str, statement: bytes) -> Stamp:
    """Has `statement` stamped. Raises Unreachable or Refused with a sentence; takes 15 seconds at most."""
    question = TimestampRequestBuilder().data(statement).hash_algorithm(HashAlgorithm.SHA256).nonce().build()
    reply = _post(url, question.as_bytes())
    answer = read(reply)
    check(answer, statement, question.nonce)
    return Stamp(reply, answer.tst_info.gen_time.astimezone(UTC))


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
        raise Refused(f"{name_of(url)} answered with more than 64 KiB, which is no time stamp.")
    return answer.body


def read(reply: bytes) -> TimeStampResponse:
    """Parses a reply, sorting its certificates first where the authority did not. Raises Refused."""
    try:
        return decode(reply)
    except ValueError:
        pass
    try:
        return decode(sort_certificates(reply))
    except (ValueError, IndexError):
        raise Refused("The answer cannot be read as a time stamp.") from None


def check(answer: TimeStampResponse, statement: bytes, nonce: int | None) -> None:
    """Raises Refused unless the answer is a granted stamp over exactly this statement and this question."""
    if answer.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        words = "; ".join(str(word) for word in (answer.status_string or []))[:200]
        raise Refused(f"The authority refused to stamp{f': {words}' if words else ''}.")
    if answer.tst_info.message_imprint.message != hashlib.sha256(statement).digest():
        raise Refused("The authority stamped something else than our statement.")
    if nonce is not None and answer.tst_info.nonce != nonce:
        raise Refused("The answer belongs to another question.")


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
