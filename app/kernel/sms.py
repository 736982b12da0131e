"""Text messages."""

from datetime import datetime

from app.kernel.db import Db
from app.kernel.outbox import Message


def text(
    db: Db,
    to: str,
    body: str,
    secret: bool = False,
    due_at: datetime | None = None,
    dedupe: str | None = None,
) -> Message:
    """A text message to one number (E.164). `secret` blanks it once sent."""
    return Message(
        channel="sms",
        payload={"to": to, "body": body},
        destination="sms",
        due_at=due_at,
        dedupe=dedupe,
        secret=secret,
        summary=f"Text message to {masked(to)}",
    )


def masked(number: str) -> str:
    """`+1 415 555 0100` as `…0100`."""
    return "…" + number.strip()[-4:]
