"""E-mails about accounts: recipients and contents. The worker sends them."""

from datetime import datetime
from typing import TypedDict, Unpack

from app.accounts.links import address_link as link_of_address
from app.accounts.links import invitation_link, reset_link
from app.accounts.models import Organization, Person
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text.datetimes import moment


def _sender(by: Actor) -> str:
    return by.name if by.kind == "person" else "Session Desk"


def invitation(db: Db, person: Person, organization: Organization | None, by: Actor) -> Message:
    """To a person without a password: the link that sets one."""
    link = invitation_link(db.config, person)
    return email_message(
        db,
        "person-invited",
        to=person.email,
        name=person.name,
        locale=person.locale,
        secret=True,
        place=organization.name if organization else "Session Desk",
        sender=_sender(by),
        link=link,
        fresh=[(link.rpartition("/")[2], "their own proof")],
    )


def role_given(db: Db, person: Person, role: str, organization: Organization | None, by: Actor) -> Message:
    """To a person who can sign in already: the role that they have now."""
    return email_message(
        db,
        "person-role-given",
        to=person.email,
        name=person.name,
        locale=person.locale,
        role=role,
        place=organization.name if organization else "all organizations",
        sender=_sender(by),
        link=f"{db.config.public_base_url}/sign-in",
    )


def password_reset(db: Db, person: Person, dedupe: str) -> Message:
    """To a person for whom a reset was requested: the link that sets a new password."""
    return email_message(
        db,
        "password-reset",
        to=person.email,
        name=person.name,
        locale=person.locale,
        secret=True,
        dedupe=dedupe,
        link=reset_link(db.config, person),
    )


def password_changed(db: Db, person: Person, now: datetime) -> Message:
    """Sent after the change, so that a person whose account was taken over notices."""
    return email_message(
        db,
        "password-changed",
        to=person.email,
        name=person.name,
        locale=person.locale,
        at=moment(now, person.time_zone),
        link=f"{db.config.public_base_url}/password/forgotten",
    )


def address_link(db: Db, person: Person, address: str) -> Message:
    """To the address that a person asks for: the link that proves it."""
    return email_message(
        db,
        "address-link",
        to=address,
        name=person.name,
        locale=person.locale,
        secret=True,
        link=link_of_address(db.config, person, address),
    )


def address_asked(db: Db, person: Person, now: datetime) -> Message:
    """To the address that they have: that another one is asked for, and what ends that."""
    return _about_sign_in(db, "address-asked", person, now)


def address_left(db: Db, person: Person, former: str, by: Actor, now: datetime, *, own: bool) -> Message:
    """To the address that a person had. It does not say which they have now: somebody else may read it."""
    return _about_sign_in(db, "address-left", person, now, to=former, sender=_sender(by), own=own)


def address_given(db: Db, person: Person, by: Actor, now: datetime) -> Message:
    """To the address that somebody else gave them: that they sign in with it."""
    sign_in = f"{db.config.public_base_url}/sign-in"
    return _about_sign_in(db, "address-given", person, now, sender=_sender(by), sign_in=sign_in)


def factor_added(db: Db, person: Person, what: str, now: datetime) -> Message:
    """Sent after the change. `what` begins a sentence: "An authenticator app"."""
    return _about_sign_in(db, "second-factor-added", person, now, what=what)


def factor_removed(db: Db, person: Person, what: str, left: bool, now: datetime) -> Message:
    """Sent after the change. `left` is whether another second factor is left."""
    return _about_sign_in(db, "second-factor-removed", person, now, what=what, left=left)


def factors_reset(db: Db, person: Person, by: Actor, now: datetime) -> Message:
    """To a person whose second factors an administrator or operator removed."""
    settings = f"{db.config.public_base_url}/settings"
    return _about_sign_in(db, "second-factors-reset", person, now, sender=_sender(by), settings=settings)


def recovery_code_used(db: Db, person: Person, left: int, now: datetime) -> Message:
    """Sent after the use; `left` codes can still be used."""
    return _about_sign_in(db, "recovery-code-used", person, now, left=left)


class _Context(TypedDict, total=False):
    """What the e-mails about a sign-in say besides the time."""

    what: str
    left: int
    sender: str
    settings: str
    sign_in: str
    own: bool


def _about_sign_in(
    db: Db, template: str, person: Person, now: datetime, *, to: str = "", **context: Unpack[_Context]
) -> Message:
    at = moment(now, person.time_zone)
    return email_message(
        db,
        template,
        to=to or person.email,
        name=person.name,
        locale=person.locale,
        at=at,
        fresh=[(at, "the moment of it")],
        link=f"{db.config.public_base_url}/password/forgotten",
        **context,
    )
