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
from urllib.parse import unquote, urlsplit

from cryptography.x509 import Certificate, ExtendedKeyUsage, ExtensionNotFound, load_der_x509_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
)
from rfc3161_client import decode_timestamp_response as decode
from rfc3161_client.tsp import TimeStampTokenInfo

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
    """What people call an authority: its host, and the port where it is not the usual one; before them the name that
    its address gives it (`https://Northseal@tsa.example/`)."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    host = f"{parts.hostname}:{port}" if parts.hostname and port else parts.hostname or url
    return f"{unquote(parts.username)} ({host})" if parts.username else host


def asked_name_of(url: str) -> str:
    """What an authority is called that has not stamped: its name, always with the port, and the policy that is asked
    for."""
    parts, policy = urlsplit(url), policy_of(url)
    if ":" not in parts.netloc.rpartition("@")[2].rpartition("]")[2]:
        parts = parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}")
    return f"{name_of(parts.geturl())}, {f'policy {policy}' if policy else 'any policy'}"


def policy_of(url: str) -> str:
    """The policy that an authority must stamp under, which its address names after `#`; empty for any."""
    return urlsplit(url).fragment


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
    policy, wanted = answer.tst_info.policy.dotted_string, policy_of(url)
    if wanted and policy != wanted:
        raise Unreachable(f"{name_of(url)} stamped under the policy {policy} instead of {wanted}.")
    if not _for_time_stamps(reply):
        raise Unreachable("The certificate of the answer is not one for time stamps.")
    stamped_at = answer.tst_info.gen_time.astimezone(UTC)
    if abs(stamped_at - now) > CLOCKS_DIFFER:
        raise Unreachable(f"The clock of {name_of(url)} differs from ours by more than {CLOCKS_DIFFER}.")
    if roots:
        try:
            check_trust(reply, statement, roots)
        except VerificationError as error:
            raise Unreachable(f"The answer does not lead to a configured root certificate: {error}.") from None
    return Stamp(reply, stamped_at)


def check_trust(reply: bytes, statement: bytes, roots: Sequence[Certificate]) -> None:
    """Raises VerificationError unless the stamp leads to one of the roots, by certificates that were valid when it was
    made, of which the signing one is for time stamps alone."""
    builder = VerifierBuilder()
    for root in dict.fromkeys(roots):
        builder = builder.add_root_certificate(root)
    answer = read(reply)
    if answer.status == PKIStatus.GRANTED_WITH_MODS:
        answer = read(_granted(reply))
    builder.build().verify_message(answer, statement)


def _granted(reply: bytes) -> bytes:
    """The same stamp under the status "granted", which alone the verifier takes.

    An authority that grants with modifications (RFC 3161, 2.4.2) has stamped; what it may have modified is in the
    token, and that is checked like any other. The status stands outside the signature.
    """
    status = _children(reply, _children(reply, (0, 0, len(reply)))[0])[0]
    _, number, end = _children(reply, status)[0]
    return reply[:number] + bytes(end - number) + reply[end:]


def certificates(reply: bytes) -> list[Certificate]:
    """The certificates that came with a reply, the signing one first. They prove nothing by themselves."""
    try:
        signed = read(reply).signed_data
        found = [load_der_x509_certificate(der) for der in signed.certificates]
        signers = [(signer.issuer, signer.serial_number) for signer in signed.signer_infos]
    except ValueError:
        return []
    return sorted(found, key=lambda each: ((each.issuer, each.serial_number) not in signers, each.serial_number))


def policy_stamped(reply: bytes) -> str:
    """The policy under which a stamp was made. Raises Unreadable."""
    return token_of(reply).policy.dotted_string


def certificate_ends_at(reply: bytes) -> datetime | None:
    """Until when the signing certificate of a reply is valid; None when it did not come with it, or is no stamp."""
    signer = _signer(reply)
    return signer.not_valid_after_utc if signer is not None else None


def _signer(reply: bytes) -> Certificate | None:
    try:
        infos = {(signer.issuer, signer.serial_number) for signer in read(reply).signed_data.signer_infos}
    except ValueError:
        return None
    found = (each for each in certificates(reply) if (each.issuer, each.serial_number) in infos)
    return next(found, None)


def _for_time_stamps(reply: bytes) -> bool:
    """Whether the signing certificate is for time stamps and nothing else, as RFC 3161 demands (2.3)."""
    signer = _signer(reply)
    try:
        usage = signer.extensions.get_extension_for_class(ExtendedKeyUsage) if signer is not None else None
    except (ExtensionNotFound, ValueError):
        return False
    return usage is not None and usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


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


def token_of(reply: bytes) -> TimeStampTokenInfo:
    """What a stamp says. Raises Unreadable for any other answer: a refusal can be read, and holds no stamp."""
    try:
        return read(reply).tst_info
    except ValueError:
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
