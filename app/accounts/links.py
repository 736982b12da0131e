"""Links that set a password: signed, expiring, and void once used, because each carries the session epoch."""

from typing import NamedTuple

from app.accounts.models import Person
from app.accounts.rules import INVITATION_LIFE, RESET_LIFE
from app.config import Config
from app.kernel.db.engine import Db
from app.kernel.errors import Gone
from app.kernel.signing import sign, unsign

INVITATION = "invitation"
RESET = "password-reset"
LIVES = {INVITATION: INVITATION_LIFE, RESET: RESET_LIFE}


class Claim(NamedTuple):
    """The person of a link, and the session epoch in which it was made."""

    person: Person
    epoch: int


def invitation_link(config: Config, person: Person) -> str:
    return f"{config.public_base_url}/invitation/{_token(config, INVITATION, person)}"


def reset_link(config: Config, person: Person) -> str:
    return f"{config.public_base_url}/password/new/{_token(config, RESET, person)}"


def redeemable(db: Db, purpose: str, token: str) -> Claim:
    """The person of a link, which is not used up. Raises Invalid (changed, too old) or Gone (used, replaced)."""
    data = unsign(db.config, purpose, token, LIVES[purpose])
    person = db.get(Person, data["p"])
    accepted = purpose == INVITATION and person is not None and person.password_hash is not None
    if person is None or person.disabled_at is not None or person.session_epoch != data["e"] or accepted:
        raise Gone("This link has been used, or a newer one replaced it. Nothing was changed.", code="link.used")
    return Claim(person, data["e"])


def _token(config: Config, purpose: str, person: Person) -> str:
    return sign(config, purpose, {"p": person.id, "e": person.session_epoch})
