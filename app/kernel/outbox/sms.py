"""Text messages, through any gateway that accepts a POST of JSON (SMS_URL)."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import unquote, urlsplit

import orjson
from urllib3.util import make_headers

from app.kernel.db.engine import Db
from app.kernel.outbox import dev_mailbox, http_client
from app.kernel.outbox.outbox import Delivery, Message, PermanentFailure, TemporaryFailure


def text_message(
    db: Db,
    to: str,
    body: str,
    secret: bool = False,
    due_at: datetime | None = None,
    dedupe: str | None = None,
    not_after: datetime | None = None,
    fresh: Sequence[tuple[str, str]] = (),
) -> Message:
    """A text message to one number (E.164). `secret` blanks it once sent."""
    return Message(
        channel="sms",
        payload={"to": to, "body": body},
        destination="sms",
        due_at=due_at,
        dedupe=dedupe,
        secret=secret,
        summary=f"Text message to {mask(to)}",
        not_after=not_after,
        fresh=fresh,
    )


def mask(number: str) -> str:
    """`+1 415 555 0100` as `…0100`."""
    return "…" + number.strip()[-4:]


def deliver(delivery: Delivery) -> str | int:
    """Posts `{"id", "to", "body"}` to SMS_URL, with user and password of the URL as HTTP Basic. `id` never changes.

    Without SMS_URL the message is stored in the mailbox of a development machine.
    """
    config = delivery.config
    if not config.sms_url:
        if config.production:
            raise PermanentFailure("No text message gateway is configured (SMS_URL), so nothing was sent.")
        dev_mailbox.store(delivery)
        return "stored on the mail page"
    url = urlsplit(config.sms_url)
    secure, host = url.scheme == "https", url.hostname or ""
    port = url.port or (443 if secure else 80)
    headers = {"Host": url.netloc.rpartition("@")[2], "Content-Type": "application/json"}
    if url.username:
        headers |= make_headers(basic_auth=f"{unquote(url.username)}:{unquote(url.password or '')}")
    message = {"id": str(delivery.id), "to": delivery.payload["to"], "body": delivery.payload["body"]}
    try:
        answer = http_client.post(
            host,
            port,
            (url.path or "/") + (f"?{url.query}" if url.query else ""),
            secure=secure,
            # The gateway is the operator's own choice: its name may resolve to anything.
            addresses=[host],
            body=orjson.dumps(message),
            headers=headers,
        )
    except http_client.NoAnswer as reason:
        raise TemporaryFailure(str(reason)) from None
    if 200 <= answer.status < 300:
        return answer.status
    sentence = f"The gateway answered {answer.status}."
    if answer.status in (400, 404, 422):
        raise PermanentFailure(sentence, answer.status)
    raise TemporaryFailure(sentence, status=answer.status, at_least=answer.retry_after)
