"""A digest over what leaves: the same for the same words to the same receivers, without what is made anew each time.

Apart from preview.py, because what was seen may be compared where there is no web request: by the worker.
"""

import base64
import hashlib
import html
from collections.abc import Sequence
from typing import Any

import orjson

from app.kernel.outbox.outbox import Message


def fingerprint(messages: Sequence[Message], *about: object) -> str:
    """The digest over everything a receiver reads, and over what else was decided."""
    parts = [content_of_message(message) for message in messages]
    return hashlib.sha256(orjson.dumps([parts, about], default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def content_of_message(message: Message) -> dict[str, Any]:
    """All that the receiver of a message reads, without what is made anew each time."""
    parts: dict[str, Any] = {"channel": message.channel}
    payload = message.payload
    if message.channel == "email":
        parts |= {
            key: without_fresh_values(message, payload[key])
            for key in ("to", "name", "locale", "subject", "text", "html")
        }
        files = payload["attachments"]
        parts["files"] = [
            [file["name"], file["type"], without_fresh_values(message, content_of_file(file))] for file in files
        ]
    elif message.channel == "webhook":
        parts |= {"url": payload["url"], "claims": payload["claims"]}
    elif message.channel == "sms":
        parts |= {"to": payload["to"], "body": without_fresh_values(message, payload["body"])}
    else:
        parts |= {"destination": message.destination, "summary": message.summary}
    return parts


def without_fresh_values(message: Message, text: str) -> str:
    """The text with words in place of what is made anew each time."""
    for value, words in message.fresh:
        for spelling in {value, html.escape(value)}:
            text = text.replace(spelling, f"[{words}]")
    return text


def content_of_file(file: dict[str, str]) -> str:
    """A calendar file as text, lines unfolded; of other files the digest."""
    content = base64.b64decode(file["content"])
    if not file["type"].startswith("text/calendar"):
        return hashlib.sha256(content).hexdigest()
    lines = content.decode("utf-8", "replace").replace("\r\n ", "").replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n".join("DTSTAMP:[the moment it is sent]" if line.startswith("DTSTAMP") else line for line in lines)
