"""Tables of organizations, people, memberships, API keys, sign-ins and second factors."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    exists,
    false,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.roles import PRESCREENS, Product, Role
from app.kernel.db.engine import Base, Instant, Json
from app.kernel.text.normalization import region_of


class Plan(StrEnum):
    """The plan of an organization: pilot belongs to inspections, starter to prescreens, the others to all."""

    FREE = "free"
    PILOT = "pilot"
    STARTER = "starter"
    PRO = "pro"
    SCALE = "scale"


class Billing(StrEnum):
    """Whether the subscription is paid. `past_due` answers 402 where the inspections document says so."""

    ACTIVE = "active"
    PAST_DUE = "past_due"


class Theme(StrEnum):
    """The color theme of the pages; `system` follows the operating system."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def one_of(column: str, values: type[StrEnum]) -> str:
    """SQL that limits a column to the values of an enum, for a CHECK constraint."""
    listed = ", ".join(f"'{member.value}'" for member in values)
    return f"{column} IN ({listed})"


class NewAnswers(StrEnum):
    """When a person is written to about new answers of prospects."""

    NOW = "now"
    DAILY = "daily"
    NEVER = "never"


class Organization(Base):
    """A client. Its `slug` is the company id in JWT claims and in public addresses.

    `country` (ISO 3166) is that of its time zone when it was created, unless it was chosen; None: that of its time zone
    now. Visitor pages have its `colour` (`#1f5f3a`; empty: the product's accent), and name `public_email`,
    `public_phone` and `hours` (in its language) as the way to reach it. What is personal in prescreens is erased
    `prescreen_days` after they expired; None: never. Nothing begins anew since `closed_at`: its keys are
    refused, roles in it are not in force, its questionnaires take nobody. What was under way goes on. None: it is open.
    """

    __tablename__ = "organizations"
    __table_args__ = (
        CheckConstraint(one_of("plan", Plan), name="plan_known"),
        CheckConstraint(one_of("billing", Billing), name="billing_known"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    plan: Mapped[str] = mapped_column(String(16), default=Plan.FREE.value)
    billing: Mapped[str] = mapped_column(String(16), default=Billing.ACTIVE.value)
    self_service: Mapped[bool] = mapped_column(Boolean, default=False)
    locale: Mapped[str] = mapped_column(String(16), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="America/New_York")
    country: Mapped[str | None] = mapped_column(String(2))
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    colour: Mapped[str] = mapped_column(String(7), default="", server_default="")
    public_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    public_phone: Mapped[str] = mapped_column(String(40), default="", server_default="")
    hours: Mapped[str] = mapped_column(String(200), default="", server_default="")
    decision_emails: Mapped[bool] = mapped_column(Boolean, default=True)
    prescreen_days: Mapped[int | None] = mapped_column(Integer)
    require_second_factor: Mapped[bool] = mapped_column(Boolean, server_default=false())
    evidence_days: Mapped[int | None] = mapped_column(Integer)
    """Days after the end of an inspection in which its evidence is kept; None: for good."""
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def region(self) -> str | None:
        """The country in which its telephone numbers are dialled without a prefix; None when none is known."""
        return self.country or region_of(self.time_zone)


class Person(Base):
    """A user of the dashboard. `email` is in lower case; no password until the invitation is accepted.

    A decision that cannot be revised stays pending for `undo_seconds` (0 to 120), in which it can be undone.
    `session_epoch` grows when the password changes or the account is disabled: sign-ins, invitations and reset links
    with an older one are void. `second_factor` is whether there is an app or a passkey; actions/factors.py keeps it, so
    that readers need not join those tables. `split_desks` names the desks, with spaces
    between, at which list and item stand side by side. `new_answers` is when they are written to about new answers.
    """

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint(one_of("theme", Theme), name="theme_known"),
        CheckConstraint("undo_seconds BETWEEN 0 AND 120", name="hold_in_bounds"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    time_zone: Mapped[str] = mapped_column(String(64), default="America/New_York")
    locale: Mapped[str] = mapped_column(String(16), default="en")
    theme: Mapped[str] = mapped_column(String(16), default=Theme.SYSTEM.value)
    single_keys: Mapped[bool] = mapped_column(Boolean, default=True)
    undo_seconds: Mapped[int] = mapped_column(Integer, server_default="30")
    split_desks: Mapped[str] = mapped_column(String(100), server_default=PRESCREENS)
    new_answers: Mapped[str] = mapped_column(
        String(8), default=NewAnswers.NEVER.value, server_default=NewAnswers.NEVER.value
    )
    second_factor: Mapped[bool] = mapped_column(Boolean, server_default=false())
    session_epoch: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)

    memberships: Mapped[list["Membership"]] = relationship(back_populates="person", order_by="Membership.id")


class Membership(Base):
    """One role of one person in one organization; no organization means all of them (staff)."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role_known"),
        Index("uq_memberships_place", "person_id", "organization_id", "role", unique=True),
        Index(
            "uq_memberships_house",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("organization_id IS NULL"),
            postgresql_where=text("organization_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))

    person: Mapped[Person] = relationship(back_populates="memberships")
    organization: Mapped[Organization | None] = relationship()


IN_FORCE: ColumnElement[bool] = or_(
    Membership.organization_id.is_(None),
    ~exists().where(Organization.id == Membership.organization_id, Organization.closed_at.is_not(None)),
)
"""The roles that are in force: those in a closed organization are not."""


class ApiKey(Base):
    """A credential of one organization for one product's API. The key itself is shown once, at its creation.

    `secret_sha256` finds an opaque key; `secret_encrypted` (depositions only) verifies bearers and signs webhooks.
    `prefix` is the first characters, by which people recognize it. `read_at` (depositions only) is when it last read
    its organization's requests, to the minute.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint(one_of("product", Product), name="product_known"),
        Index("ix_api_keys_organization", "organization_id", "product", "id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    product: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(100), default="")
    prefix: Mapped[str] = mapped_column(String(24))
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    secret_encrypted: Mapped[str | None] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)

    organization: Mapped[Organization] = relationship()


class SignIn(Base):
    """One browser that is signed in. Its cookie has a random token; only the SHA-256 of the token is stored here.

    `proved_at` is when the person last proved their identity in it, by signing in or again since.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_created", "created_at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    session_epoch: Mapped[int] = mapped_column(Integer)
    address: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    proved_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    person: Mapped[Person] = relationship()


class KnownNetwork(Base):
    """A network in which a person has signed in: an IPv4 address or a /64 of IPv6 (app/kernel/networks.py)."""

    __tablename__ = "known_networks"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    network: Mapped[str] = mapped_column(String(50), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant, index=True)


class TotpSecret(Base):
    """The secret of a person's authenticator app (RFC 6238).

    `last_step` is the newest step of 30 seconds whose code was used; its code and earlier ones are not valid again.
    """

    __tablename__ = "totp_secrets"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, autoincrement=False)
    secret_encrypted: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Passkey(Base):
    """A credential of one device, or of one person's devices, that signs in by itself (WebAuthn).

    `credential_id` and `public_key` are base64url. `sign_count` only grows where the device counts at all.
    """

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryCode(Base):
    """A code that replaces a lost second factor. Valid once; only its SHA-256 is stored."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_sha256"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    code_sha256: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class UsedChallenge(Base):
    """A challenge that a passkey has signed: the row prevents a second use until the challenge expires."""

    __tablename__ = "used_challenges"

    challenge_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
