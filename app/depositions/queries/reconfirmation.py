"""Who is asked whether a session takes place, what they answered, and what that says together."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update

from app.accounts.models import ApiKey, Organization
from app.depositions.emails import participants
from app.depositions.models import Deposition, DepositionPerson, Kind, State
from app.depositions.queries import people, settings
from app.depositions.queries.people import address_key
from app.depositions.rules.reconfirmation import Reconfirmation, together
from app.depositions.rules.settings import Settings
from app.kernel.db.engine import Db
from app.kernel.text.normalization import region_of, telephone_key

ORGANIZATION, HOST, DEPONENT = "organization", "host", "deponent"


class Contact(NamedTuple):
    """How an organization is reached about a session. `phone` is read, `phone_key` is dialled."""

    name: str
    email: str
    phone: str
    phone_key: str
    region: str | None


class Respondent(NamedTuple):
    """Somebody who can say whether a session takes place: the organization, a host, the deponent."""

    kind: Kind
    address: str
    name: str
    role: str
    number: int = -1
    """Their place among the participants."""

    @property
    def kept_as(self) -> str:
        """The address under which their answer is kept. An organization is the same under another address."""
        return "" if self.kind is Kind.ORGANIZATION else address_key(self.address)

    @property
    def key(self) -> str:
        """What forms and links call them."""
        return f"{self.kind.value}:{self.kept_as}"


class Response(NamedTuple):
    """A respondent with what they answered about the present state of the session."""

    who: Respondent
    asked_at: datetime | None
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None


def contact(db: Db, organization_id: int) -> Contact:
    """How an organization is reached: its contact address and public telephone, else its public address."""
    columns = (
        Organization.name,
        Organization.contact_email,
        Organization.public_email,
        Organization.public_phone,
        Organization.country,
        Organization.time_zone,
    )
    row = db.execute(select(*columns).where(Organization.id == organization_id)).one()
    region = row.country or region_of(row.time_zone)
    phone_key = telephone_key(row.public_phone, region) if row.public_phone else ""
    return Contact(row.name, row.contact_email or row.public_email, row.public_phone, phone_key, region)


def respondents(deposition: Deposition, organization: Contact) -> list[Respondent]:
    """Everybody who can say whether a session takes place, each address once."""
    found = [Respondent(Kind.ORGANIZATION, organization.email, organization.name, ORGANIZATION)]
    deponent = address_key(deposition.deponent_email or "")
    for one in participants(deposition):
        key = address_key(one.email)
        role = HOST if one.host else DEPONENT if key == deponent else ""
        if role and key != address_key(organization.email):
            found.append(Respondent(Kind.PARTICIPANT, one.email, one.name, role, one.number))
    return found


def to_ask(db: Db, deposition: Deposition, organization: Contact, chosen: Settings) -> list[Respondent]:
    """Those to whom the question is sent: whoever knows of the session as it is now, and has an address."""
    informed = people.informed(db, deposition)
    wanted = (HOST, DEPONENT) if chosen.reconfirm_deponent else (HOST,)
    found = []
    for one in respondents(deposition, organization):
        knows = address_key(one.address) in informed
        if one.kind is Kind.ORGANIZATION:
            knows = knows or _organization_knows(db, deposition)
        elif one.role not in wanted:
            continue
        if knows and one.address:
            found.append(one)
    return found


def _organization_knows(db: Db, deposition: Deposition) -> bool:
    """Whether the organization learned of the session as it is now: it booked it itself, its server took the webhook,
    or its system has read its requests since."""
    if deposition.state == State.READY and deposition.sequence == 1:
        return True
    invited = select(DepositionPerson.deposition_id).where(
        DepositionPerson.deposition_id == deposition.id,
        DepositionPerson.kind == Kind.SYSTEM.value,
        DepositionPerson.invited_sequence == deposition.sequence,
    )
    if db.execute(invited).first() is not None:
        return True
    read = select(ApiKey.id).where(
        ApiKey.organization_id == deposition.organization_id, ApiKey.read_at > deposition.sequence_at
    )
    return db.execute(read.limit(1)).first() is not None


def responses(db: Db, deposition: Deposition, organization: Contact) -> list[Response]:
    """What each respondent answered about the session as it is now."""
    table = DepositionPerson
    rows = db.execute(
        select(
            table.kind,
            table.address,
            table.asked_at,
            table.asked_sequence,
            table.answer,
            table.answered_at,
            table.answered_by,
            table.answer_sequence,
        ).where(table.deposition_id == deposition.id)
    ).all()
    known = {f"{row.kind}:{row.address}": row for row in rows}
    found = []
    for who in respondents(deposition, organization):
        row = known.get(who.key)
        asked = row is not None and row.asked_sequence == deposition.sequence
        has_answered = row is not None and row.answer_sequence == deposition.sequence
        found.append(
            Response(
                who,
                row.asked_at if row is not None and asked else None,
                row.answer if row is not None and has_answered else None,
                row.answered_at if row is not None and has_answered else None,
                row.answered_by if row is not None and has_answered else None,
            )
        )
    return found


def summarize(db: Db, deposition: Deposition) -> Reconfirmation | None:
    """Keeps on the session what its answers say together, and returns it."""
    chosen = settings.of_organization(db, deposition.organization_id)
    given = responses(db, deposition, contact(db, deposition.organization_id))
    found = together(
        [one.answer for one in given if one.answer],
        asked=any(one.asked_at for one in given),
        silence_is_yes=chosen.silence_is_yes,
    )
    value = found.value if found else None
    db.execute(
        update(Deposition).where(Deposition.id == deposition.id).values({Deposition.reconfirmation: value}),
        execution_options={"synchronize_session": False},
    )
    return found
