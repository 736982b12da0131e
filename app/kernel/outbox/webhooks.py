"""Webhooks: signed HTTP messages to addresses that clients set (docs/messages.md)."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import jwt
import orjson

from app.config import Config
from app.kernel.db.engine import Db
from app.kernel.json_types import JsonObject
from app.kernel.outbox import http_client, ssrf
from app.kernel.outbox.outbox import Accepted, Delivery, Message, PermanentFailure, TemporaryFailure
from app.kernel.text.normalization import characters

SigningKey = Callable[[Db, int], str]
"""Returns the newest key of an organization, or raises LookupError. Handed in: the kernel knows no accounts."""


def check_target(url: str, config: Config) -> None:
    """Raises ValueError with a sentence when the address is not allowed. Names are resolved only at delivery."""
    ssrf.parse(url, config)


def notification(
    url: str,
    claims: JsonObject,
    organization_id: int,
    *,
    due_at: datetime | None = None,
    not_after: datetime | None = None,
    dedupe: str | None = None,
    summary: str = "",
    receipt: JsonObject | None = None,
) -> Message:
    """A POST of `{"jwt_payload": …}` to `url`: exactly `claims`, signed at delivery with the newest key."""
    host = url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2].lower()
    return Message(
        channel="webhook",
        payload={"url": url, "claims": claims, "organization_id": organization_id},
        destination=host,
        due_at=due_at,
        not_after=not_after,
        dedupe=dedupe,
        summary=summary or f"Webhook to {host}",
        receipt=receipt,
    )


def body_of(claims: JsonObject, key: str) -> bytes:
    """The request body: the claims as JWS with HS256, without further claims."""
    return orjson.dumps({"jwt_payload": jwt.encode(claims, key, algorithm="HS256")})


def signature(key: str, id: UUID, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` over `id.timestamp.body` as in Standard Webhooks; the secret is the API key's own bytes."""
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()


def headers(host: str, id: str, timestamp: str, attempt: str, signed: str) -> dict[str, str]:
    """The headers of every webhook."""
    return {
        "Host": host,
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "SessionDesk-Webhook/1",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-attempt": attempt,
        "webhook-signature": signed,
    }


def deliver(delivery: Delivery, signing_key: SigningKey) -> Accepted:
    """One attempt. Only 2xx is success; 410 says never again; everything else is tried again later."""
    try:
        target = ssrf.parse(delivery.payload["url"], delivery.config)
        found = ssrf.resolve(target, delivery.config)
    except ssrf.NotAllowed as reason:
        raise PermanentFailure(str(reason)) from None
    except ssrf.Unresolved as reason:
        raise TemporaryFailure(str(reason)) from None
    key = _key(delivery, signing_key)
    body = body_of(delivery.payload["claims"], key)
    timestamp = int(delivery.now.timestamp())
    try:
        answer = http_client.post(
            target.host,
            target.port,
            target.path,
            secure=target.secure,
            addresses=found,
            body=body,
            headers=headers(
                target.authority,
                str(delivery.id),
                str(timestamp),
                str(delivery.attempts),
                signature(key, delivery.id, timestamp, body),
            ),
        )
    except http_client.NoAnswer as reason:
        raise TemporaryFailure(str(reason)) from None
    return _status_or_failure(answer)


def _key(delivery: Delivery, signing_key: SigningKey) -> str:
    try:
        with delivery.database.read() as db:
            return signing_key(db, delivery.payload["organization_id"])
    except LookupError as reason:
        raise TemporaryFailure(str(reason)) from None


def _status_or_failure(answer: http_client.Answer) -> Accepted:
    status, text = answer.status, printable(answer.body)
    if 200 <= status < 300:
        return Accepted(status, text)
    if status == 410:
        raise PermanentFailure("The receiver answered 410 Gone: it wants no more of these.", status, text)
    if 300 <= status < 400:
        sentence = f"The receiver answered with a redirect ({status}), which is never followed."
        raise TemporaryFailure(sentence, status=status, answer=text)
    raise TemporaryFailure(f"The receiver answered {status}.", status=status, at_least=answer.retry_after, answer=text)


LONGEST_EXCERPT = 500


def printable(body: bytes) -> str:
    """The beginning of an answer as text that can be shown and stored: line breaks stay, other control characters and
    what turns text around do not."""
    text = body.decode("utf-8", "replace").replace("\r\n", "\n")
    kept = characters.without_controls(text, but="\n").strip()
    return kept if len(kept) <= LONGEST_EXCERPT else f"{kept[:LONGEST_EXCERPT]}…"
