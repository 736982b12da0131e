"""Link and code of an invite on their way to the page that shows them once.

They travel encrypted in a cookie that lives two minutes, so that they are in no address, no log and no table, and
reloading the page neither repeats the action nor shows them again.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from app.kernel.crypto import Vault

COOKIE = "shown_once"
SECONDS = 120


@dataclass(frozen=True, slots=True)
class ShownOnce:
    """Secrets of the invite with this id, for the person with this id, minted at this time."""

    invite: str
    url: str | None
    code: str | None
    person: int
    at: float

    def encrypted(self, vault: Vault) -> str:
        """The value of the cookie."""
        return vault.encrypt(json.dumps(asdict(self)))


def shown_once(text: str, vault: Vault, person: int, now: datetime) -> ShownOnce | None:
    """The secrets in a cookie, if they were minted a moment ago by this very person."""
    try:
        found = ShownOnce(**json.loads(vault.decrypt(text))) if text else None
    except (TypeError, ValueError):
        return None
    fresh = found is not None and now.timestamp() - found.at < SECONDS and found.person == person
    return found if fresh else None
