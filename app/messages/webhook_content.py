"""What a webhook holds, for whoever looks for a fault: the decoded payload, and the request as a command to copy."""

import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from app.kernel.json_types import JsonObject

SIGNED_LATER = "SIGNED_WITH_YOUR_KEY"
"""Stands for what only the key of the organization makes."""


@dataclass(frozen=True, slots=True)
class WebhookContent:
    """`claims` as they are read, and a `curl` command that sends them but for what the key signs."""

    address: str
    claims: str
    curl: str


def content_of(id: object, payload: JsonObject) -> WebhookContent:
    """The content of a webhook, without what is signed and the address beyond its host, which may be a secret."""
    address = origin(payload["url"])
    claims = orjson.dumps(payload["claims"], option=orjson.OPT_INDENT_2).decode()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(id),
        "webhook-timestamp": "EPOCH_SECONDS",
        "webhook-signature": f"v1,{SIGNED_LATER}",
    }
    words = ["curl", "-X", "POST", address]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    words += ["-d", orjson.dumps({"jwt_payload": SIGNED_LATER}).decode()]
    return WebhookContent(address, claims, shlex.join(words))


def origin(url: str) -> str:
    """An address with an ellipsis for what follows its host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"
