"""Remarks on pieces of evidence, as the chain has them. Pure: no database, no Flask, no clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.inspections import chain

KIND = "evidence.remarked"


class Remark(NamedTuple):
    """What an operator wrote about a piece of evidence."""

    text: str
    name: str
    at: datetime


def of(links: Sequence[chain.Link]) -> dict[str, list[Remark]]:
    """The remarks by the id of the piece, the newest first: that is the one that counts."""
    found: dict[str, list[Remark]] = {}
    for link in links:
        if link.kind == KIND:
            payload = json.loads(link.payload)
            at = datetime.fromisoformat(link.occurred_at)
            remark = Remark(str(payload["text"]), str(payload["by"]["name"]), at)
            found.setdefault(str(payload["item"]), []).insert(0, remark)
    return found
