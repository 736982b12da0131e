"""Links that set a password or an address: signed, expiring, and void once used, because each has the session epoch."""

from typing import NamedTuple

from app.accounts.models import Person
from app.accounts.rules import ADDRESS_LIFE, INVITATION_LIFE, RESET_LIFE
from app.config import Config
from app.kernel.db.engine import Db
from app.kernel.errors import Gone
from app.kernel.signing import sign, unsign

INVITATION = "invitation"
RESET = "password-reset"
ADDRESS = "address"
LIVES = {INVITATION: INVITATION_LIFE, RESET: RESET_LIFE, ADDRESS: ADDRESS_LIFE}


class Claim(NamedTuple):
    """The person of a link, the session epoch in which it was made, and the address that it proves, if any."""

    person: Person
    epoch: int
    address: str


def invitation_link(config: Config, person: Person) -> str:
    return f"{config.public_base_url}/invitation/{_token(config, INVITATION, person)}"


def reset_link(config: Config, person: Person) -> str:
    return f"{config.public_base_url}/password/new/{_token(config, RESET, person)}"


def address_link(config: Config, person: Person, address: str) -> str:
    token = sign(config, ADDRESS, {"p": person.id, "e": person.session_epoch, "a": address})
    return f"{config.public_base_url}/settings/email/{token}"


def redeemable(db: Db, purpose: str, token: str) -> Claim:
    """The person of a link, which is not used up. Raises Invalid (changed, too old) or Gone (used, replaced)."""
    data = unsign(db.config, purpose, token, LIVES[purpose])
    person = db.get(Person, data["p"])
    accepted = purpose == INVITATION and person is not None and person.password_hash is not None
    if person is None or person.disabled_at is not None or person.session_epoch != data["e"] or accepted:
        raise Gone("This link has been used, or a newer one replaced it. Nothing was changed.", code="link.used")
    return Claim(person, data["e"], data.get("a", ""))


def _token(config: Config, purpose: str, person: Person) -> str:
    return sign(config, purpose, {"p": person.id, "e": person.session_epoch})
