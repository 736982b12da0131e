"""The fingerprint of messages: a digest that is the same for the same contents and recipients.

Values that differ in every rendering are left out. It is a module of its own, because the worker compares fingerprints
without a web request.
"""

import base64
import hashlib
import html
from collections.abc import Sequence

import orjson

from app.kernel.json_types import JsonObject
from app.kernel.outbox.outbox import Message


def fingerprint(messages: Sequence[Message], *about: object) -> str:
    """The digest of everything that recipients read, and of `about`, the other facts of the decision."""
    contents = [content_of_message(message) for message in messages]
    return hashlib.sha256(orjson.dumps([contents, about], default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def content_of_message(message: Message) -> JsonObject:
    """Everything that the recipient of a message reads, without values that differ in every rendering."""
    parts: JsonObject = {"channel": message.channel}
    payload = message.payload | (message.content or {})
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
    """The text with replacements for values that differ in every rendering."""
    for value, replacement in message.fresh:
        for spelling in {value, html.escape(value)}:
            text = text.replace(spelling, f"[{replacement}]")
    return text


def content_of_file(file: dict[str, str]) -> str:
    """A calendar file as text with unfolded lines; the digest of any other file."""
    content = base64.b64decode(file["content"])
    if not file["type"].startswith("text/calendar"):
        return hashlib.sha256(content).hexdigest()
    # Pending decisions have stored fingerprints over this text, so it stays.
    lines = content.decode("utf-8", "replace").replace("\r\n ", "").replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n".join("DTSTAMP:[the moment it is sent]" if line.startswith("DTSTAMP") else line for line in lines)
