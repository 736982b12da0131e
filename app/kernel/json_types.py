"""The type of decoded JSON objects: payloads of messages and events, request bodies, schemas."""

from typing import Any

JsonObject = dict[str, Any]
"""A JSON object. `Any`, because its members are checked where they are read: by a model, a rule or a handler."""
