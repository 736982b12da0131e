"""The queue page of the depositions desk and its fragment, as f-strings."""

from typing import Any


def answer(environ: dict[str, Any], path: str) -> tuple[int, bytes]:
    return 404, b""
