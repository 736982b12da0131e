"""Webhooks: a signed message to an address that a client named."""

from datetime import datetime
from typing import Any

from app.config import Config
from app.kernel.addresses import parse
from app.kernel.outbox import Message


def check_target(url: str, config: Config) -> None:
    """Raises ValueError with a sentence when we would never send there. Names are resolved only at delivery."""
    parse(url, config)


def notification(
    url: str,
    claims: dict[str, Any],
    organization_id: int,
    *,
    due_at: datetime | None = None,
    dedupe: str | None = None,
    summary: str = "",
) -> Message:
    """POSTs `{"jwt_payload": …}` to `url`: exactly `claims`, signed at delivery with the organization's newest key."""
    host = url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2].lower()
    return Message(
        channel="webhook",
        payload={"url": url, "claims": claims, "organization_id": organization_id},
        destination=host,
        due_at=due_at,
        dedupe=dedupe,
        summary=summary or f"Webhook to {host}",
    )
