"""JSON objects as types (payloads of messages and events, request bodies, schemas), and how the API writes them."""

from typing import Any

import orjson

JsonObject = dict[str, Any]
"""A JSON object. `Any`, because its members are checked where they are read: by a model, a rule or a handler."""


def to_json(value: object) -> bytes:
    """The text of an answer of the API. Moments, which are in UTC, become `2026-05-23T10:00:00Z`; ids become text."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)
