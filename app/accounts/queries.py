"""Reads about people, organizations, keys and sign-ins."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from app.accounts.models import (
    ApiKey,
    KnownNetwork,
    Membership,
    Organization,
    Passkey,
    Person,
    RecoveryCode,
    SignIn,
    TotpSecret,
)
from app.accounts.roles import Grant, Role
from app.accounts.rules import sign_in_address, sign_in_over
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import NotFound
from app.kernel.networks import UNKNOWN, network_of
from app.kernel.text import normalization


class SignedInRow(NamedTuple):
    """One membership of the person behind a sign-in, in the order of the columns of BY_TOKEN."""

    id: int
    name: str
    email: str
    time_zone: str
    locale: str
    theme: str
    single_keys: bool
    undo_seconds: int
    split_desks: str
    second_factor: bool
    sign_in_id: int
    created_at: datetime
    last_seen_at: datetime
    proved_at: datetime | None
    role: str | None
    organization_id: int | None
    organization: str | None
    require_second_factor: bool | None
    closed_at: datetime | None


BY_TOKEN = Prepared(
    select(
        Person.id,
        Person.name,
        Person.email,
        Person.time_zone,
        Person.locale,
        Person.theme,
        Person.single_keys,
        Person.undo_seconds,
        Person.split_desks,
        Person.second_factor,
        SignIn.id,
        SignIn.created_at,
        SignIn.last_seen_at,
        SignIn.proved_at,
        Membership.role,
        Membership.organization_id,
        Organization.name,
        Organization.require_second_factor,
        Organization.closed_at,
    )
    .select_from(SignIn)
    .join(Person, Person.id == SignIn.person_id)
    .outerjoin(Membership, Membership.person_id == Person.id)
    .outerjoin(Organization, Organization.id == Membership.organization_id)
    .where(
        SignIn.token_sha256 == bindparam("digest"),
        SignIn.ended_at.is_(None),
        SignIn.session_epoch == Person.session_epoch,
        Person.disabled_at.is_(None),
    ),
    SignedInRow,
)
LARGEST_ID = 2**31 - 1
LISTED = 500
"""Most rows in a list of people or organizations; a text filter finds the others."""


class SignedInPerson(NamedTuple):
    """The person behind a sign-in, their grants, the name of an organization that requires a second factor, and that of
    one that is closed (empty: none), whose roles are not among the grants.

    `factor_wanted_by` is empty when the person has a second factor or no organization requires one.
    """

    row: SignedInRow
    grants: list[Grant]
    factor_wanted_by: str
    closed_in: str


def signed_in_person(db: Db, digest: str, now: datetime) -> SignedInPerson | None:
    """The person behind the digest of a sign-in's token; None when the sign-in is unknown or has ended."""
    rows = BY_TOKEN.all(db, {"digest": digest})
    if not rows or sign_in_over(created_at=rows[0].created_at, last_seen_at=rows[0].last_seen_at, now=now):
        return None
    holding = [row for row in rows if row.closed_at is None]
    grants = [Grant(Role(row.role), row.organization_id) for row in holding if row.role is not None]
    wanted_by = ""
    if not rows[0].second_factor:
        wanted_by = next((row.organization for row in holding if row.organization and row.require_second_factor), "")
    closed_in = next((row.organization for row in rows if row.organization and row.closed_at), "")
    return SignedInPerson(rows[0], grants, wanted_by, closed_in)


def person_by_email(db: Db, email: str) -> Person | None:
    return db.execute(select(Person).where(Person.email == sign_in_address(email))).scalar_one_or_none()


def knows_network(db: Db, email: str, address: str) -> bool:
    """Whether the person with this e-mail address has signed in from the network of this IP address before."""
    known = (
        select(KnownNetwork.person_id)
        .join(Person, Person.id == KnownNetwork.person_id)
        .where(Person.email == sign_in_address(email), KnownNetwork.network == network_of(address))
    )
    return network_of(address) != UNKNOWN and db.execute(known).first() is not None


def visible_to(organization_ids: frozenset[int] | None) -> Select[Person]:
    """The people that an administrator of these organizations may see; None means all people (staff)."""
    found = select(Person).options(selectinload(Person.memberships).joinedload(Membership.organization))
    if organization_ids is None:
        return found
    return found.where(
        select(Membership.id)
        .where(Membership.person_id == Person.id, Membership.organization_id.in_(organization_ids or {0}))
        .exists()
    )


def people(
    db: Db,
    organization_ids: frozenset[int] | None,
    *,
    text: str = "",
    role: str = "",
    organization_id: int | None = None,
) -> Sequence[Person]:
    """People by name, as one administrator may see them, narrowed by the filters."""
    found = visible_to(organization_ids)
    if text:
        named = _named(db, Person.id, Person.name, text)
        found = found.where(or_(begins(Person.email, text), contains(Person.name, text), named))
    if role or organization_id is not None:
        membership = select(Membership.id).where(Membership.person_id == Person.id)
        if role:
            membership = membership.where(Membership.role == role)
        if organization_id is not None:
            membership = membership.where(Membership.organization_id == organization_id)
        elif organization_ids is not None:
            membership = membership.where(Membership.organization_id.in_(organization_ids or {0}))
        found = found.where(membership.exists())
    return db.execute(found.order_by(func.lower(Person.name), Person.id).limit(LISTED)).scalars().all()


def person(db: Db, person_id: int, organization_ids: frozenset[int] | None = None) -> Person:
    """One person. Raises NotFound, also for a person this administrator may not see."""
    found = None
    if person_id <= LARGEST_ID:
        found = db.execute(visible_to(organization_ids).where(Person.id == person_id)).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such person.")
    return found


def place_of(person: Person) -> Organization | None:
    """The organization that an invitation names; None for staff."""
    return next((each.organization for each in person.memberships if each.organization), None)


def organizations(
    db: Db, organization_ids: frozenset[int] | None, *, text: str = "", is_open: bool = False
) -> Sequence[Organization]:
    """Organizations by name, as one administrator may see them; with `is_open` without those that are closed."""
    found = select(Organization)
    if is_open:
        found = found.where(Organization.closed_at.is_(None))
    if organization_ids is not None:
        found = found.where(Organization.id.in_(organization_ids or {0}))
    if text:
        named = _named(db, Organization.id, Organization.name, text)
        found = found.where(or_(begins(Organization.slug, text), contains(Organization.name, text), named))
    return db.execute(found.order_by(func.lower(Organization.name), Organization.id).limit(LISTED)).scalars().all()


def organization(db: Db, organization_id: int, organization_ids: frozenset[int] | None = None) -> Organization:
    """One organization. Raises NotFound, also for one this administrator may not see."""
    allowed = organization_id <= LARGEST_ID and (organization_ids is None or organization_id in organization_ids)
    found = db.get(Organization, organization_id) if allowed else None
    if found is None:
        raise NotFound("There is no such organization.")
    return found


def organization_by_slug(db: Db, slug: str) -> Organization | None:
    return db.execute(select(Organization).where(Organization.slug == slug)).scalar_one_or_none()


def organization_named(db: Db, slug: str) -> Organization:
    """The organization of a slug. Raises NotFound."""
    found = organization_by_slug(db, slug)
    if found is None:
        raise NotFound(f"There is no organization {slug}.")
    return found


def keys(db: Db, organization_ids: frozenset[int] | None, *, organization_id: int | None = None) -> Sequence[ApiKey]:
    """API keys, active ones first, newest first, as one administrator may see them."""
    found = select(ApiKey).join(Organization, ApiKey.organization_id == Organization.id)
    if organization_ids is not None:
        found = found.where(ApiKey.organization_id.in_(organization_ids or {0}))
    if organization_id is not None:
        found = found.where(ApiKey.organization_id == organization_id)
    found = found.options(selectinload(ApiKey.organization))
    order = (ApiKey.revoked_at.is_not(None), func.lower(Organization.name), ApiKey.product, ApiKey.id.desc())
    return db.execute(found.order_by(*order).limit(LISTED)).scalars().all()


def key(db: Db, key_id: int, organization_ids: frozenset[int] | None = None) -> ApiKey:
    """One key. Raises NotFound, also for one this administrator may not see."""
    found = db.get(ApiKey, key_id) if key_id <= LARGEST_ID else None
    if found is None or (organization_ids is not None and found.organization_id not in organization_ids):
        raise NotFound("There is no such key.")
    return found


def keys_called(db: Db, typed: str) -> Sequence[ApiKey]:
    """The keys of these visible characters, or the one whose value this is."""
    named = or_(ApiKey.prefix == typed.rstrip("…"), ApiKey.secret_sha256 == sha256(typed))
    return db.execute(select(ApiKey).where(named).options(joinedload(ApiKey.organization))).scalars().all()


def live_sign_ins(db: Db, person_id: int, now: datetime) -> Sequence[SignIn]:
    """The sign-ins of a person that have not ended, the last seen first."""
    found = db.execute(
        select(SignIn)
        .join(Person, (Person.id == SignIn.person_id) & (Person.session_epoch == SignIn.session_epoch))
        .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
        .limit(LISTED)
    ).scalars()
    return [
        each for each in found if not sign_in_over(created_at=each.created_at, last_seen_at=each.last_seen_at, now=now)
    ]


class Factors(NamedTuple):
    """The second factors of a person."""

    app_since: datetime | None
    passkeys: Sequence[Passkey]
    codes_left: int

    @property
    def any(self) -> bool:
        return self.app_since is not None or bool(self.passkeys)


def factors(db: Db, person_id: int) -> Factors:
    """The second factors of a person, the oldest passkey first."""
    app_since = db.execute(select(TotpSecret.created_at).where(TotpSecret.person_id == person_id)).scalar()
    passkeys = db.execute(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)).scalars().all()
    codes = select(RecoveryCode.id).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return Factors(app_since, passkeys, len(db.execute(codes).all()))


def passkey(db: Db, credential_id: str) -> tuple[Passkey, Person] | None:
    """A passkey and its person; None when it is unknown or the person may not sign in."""
    found = db.execute(
        select(Passkey, Person)
        .join(Person, Person.id == Passkey.person_id)
        .where(Passkey.credential_id == credential_id, Person.disabled_at.is_(None))
    ).first()
    return (found[0], found[1]) if found else None


def _named(db: Db, id: InstrumentedAttribute[int], name: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Rows whose names have the words of a text, folded as the search index folds them. There are few of these rows."""
    terms = normalization.query_terms(text)
    rows = db.execute(select(id, name)).all() if terms else ()
    rank = normalization.ranking(terms)
    ids = [key for key, each in rows if rank(" ".join(normalization.tokens(each)), "") is not None]
    return id.in_(ids[:LISTED])


def begins(column: ColumnElement[str] | InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """A prefix match that ignores case; the text's own wildcards mean themselves."""
    return func.lower(column).like(_escaped(text.lower()) + "%", escape="\\")


def contains(column: ColumnElement[str] | InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """A match anywhere that ignores case; the text's own wildcards mean themselves.

    SQLite lowers ASCII only, so the text as typed may match too.
    """
    return or_(
        func.lower(column).like(f"%{_escaped(text.lower())}%", escape="\\"),
        column.like(f"%{_escaped(text)}%", escape="\\"),
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def person_of_token(db: Db, digest: str) -> int | None:
    """The id of the person of a sign-in, also when it has ended."""
    return db.execute(select(SignIn.person_id).where(SignIn.token_sha256 == digest)).scalar_one_or_none()
