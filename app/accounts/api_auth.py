"""The three doors: which key opens which product, and how often (docs/authentication.md).

A door has `enter(authorization, db, now) -> Caller`, which raises the same Unauthorized for everything that is wrong
with a credential, and `limits(caller)`. Each lookup is one query, built once. A key of another product is a wrong key.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import jwt
import orjson
from sqlalchemy import bindparam, select

from app.accounts.last_seen import KEY_USED, notes, stale
from app.accounts.models import ApiKey, Organization, Plan, Product
from app.accounts.rules import SLUG
from app.kernel.crypto import Vault, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Unauthorized

LONGEST_HEADER = 8192
LEEWAY = 30
"""Seconds a bearer's `exp` may lie in the past, for clocks that differ."""


class Credential(NamedTuple):
    """The key that opened the door."""

    id: int
    prefix: str
    scopes: frozenset[str]
    label: str


class Client(NamedTuple):
    """The organization a key belongs to, as API handlers need it."""

    id: int
    slug: str
    name: str
    plan: str
    billing: str
    self_service: bool
    locale: str
    time_zone: str
    contact_email: str
    decision_emails: bool


class Caller(NamedTuple):
    credential: Credential
    organization: Client


_k, _o = ApiKey.__table__.c, Organization.__table__.c
_FACTS = (
    _k.id,
    _k.prefix,
    _k.scopes,
    _k.label,
    _k.last_used_at,
    _k.secret_encrypted,
    _o.id.label("organization_id"),
    _o.slug,
    _o.name,
    _o.plan,
    _o.billing,
    _o.self_service,
    _o.locale,
    _o.time_zone,
    _o.contact_email,
    _o.decision_emails,
)
_OPEN = (_k.organization_id == _o.id, _k.revoked_at.is_(None), _k.product == bindparam("product"))
BY_SECRET = select(*_FACTS).where(_k.secret_sha256 == bindparam("digest"), *_OPEN)
BY_SLUG = select(*_FACTS).where(_o.slug == bindparam("slug"), *_OPEN).order_by(_k.id.desc())
NEWEST_KEY = (
    select(_k.secret_encrypted)
    .where(
        _k.organization_id == bindparam("organization_id"),
        _k.product == Product.DEPOSITIONS.value,
        _k.revoked_at.is_(None),
    )
    .order_by(_k.id.desc())
    .limit(1)
)


def refused() -> Unauthorized:
    """The one answer for every credential that does not open a door."""
    return Unauthorized(
        "This needs a valid credential in the Authorization header. Nothing was done.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header. Raises Unauthorized when there is none."""
    if not authorization or len(authorization) > LONGEST_HEADER:
        raise refused()
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii() or not token:
        raise refused()
    return token


def _caller(row: Any, db: Db, now: datetime) -> Caller:
    if stale(row[4], now):
        notes(db.database).leave(KEY_USED, row[0], now)
    return Caller(Credential(row[0], row[1], frozenset(row[2]), row[3]), Client(*row[6:]))


class KeyAuthenticator:
    """A door that opens to an opaque key, found by its SHA-256."""

    def __init__(self, product: Product, shape: str, description: str) -> None:
        self.product = product
        self._parameters = {"product": product.value}
        self._shape = re.compile(shape)
        self.scheme_name = f"{product.value}_key"
        self.scheme: dict[str, Any] = {"type": "http", "scheme": "bearer", "description": description}

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Caller:
        """Who calls. Raises Unauthorized."""
        found = self._shape.fullmatch(bearer(authorization))
        if found is None:
            raise refused()
        row = db.connection().execute(BY_SECRET, {"digest": sha256(found[1]), **self._parameters}).first()
        if row is None:
            raise refused()
        return _caller(row, db, now)

    def limits(self, caller: Caller) -> list[tuple[str, int]]:
        """The buckets a call is counted in, and how many calls a minute each allows."""
        organization = caller.organization
        if self.product is Product.INSPECTIONS:
            return [(f"key:{caller.credential.id}", 60), (f"inspections:{organization.id}", 600)]
        return [(f"prescreens:{organization.id}", PRESCREENS_A_MINUTE[organization.plan])]


class JwtAuthenticator:
    """A door that opens to a JWT which the client signed with its organization's key (depositions, "Authorization")."""

    scheme_name = "depositions_jwt"

    def __init__(self) -> None:
        self.product = Product.DEPOSITIONS
        self.scheme: dict[str, Any] = {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": (
                "A JSON Web Token, HS256, signed with an API key of your organization. "
                "Claims: `slug` (your company id) and `exp` (Unix epoch seconds), both required."
            ),
        }

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Caller:
        """Who calls: any unrevoked key of the organization may have signed. Raises Unauthorized."""
        token = bearer(authorization)
        slug = _claimed_slug(token)
        rows = db.connection().execute(BY_SLUG, {"slug": slug, "product": self.product.value}).all()
        for row in rows:
            if _verifies(token, decrypt_key(db.vault, row.secret_encrypted), slug, now):
                return _caller(row, db, now)
        raise refused()

    def limits(self, caller: Caller) -> list[tuple[str, int]]:
        """The bucket a call is counted in, and how many calls a minute it allows."""
        return [(f"depositions:{caller.organization.id}", 600)]


PRESCREENS_A_MINUTE: dict[str, int] = {
    Plan.FREE.value: 30,
    Plan.PILOT.value: 30,
    Plan.STARTER.value: 30,
    Plan.PRO.value: 120,
    Plan.SCALE.value: 600,
}

HEADER_LENGTH = 512
_OPTIONS: Any = {
    "require": ["exp"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _claimed_slug(token: str) -> str:
    """The company id a token names, unproven. Raises Unauthorized when it is no token of ours."""
    parts = token.split(".")
    if len(parts) != 3 or len(parts[0]) > HEADER_LENGTH:
        raise refused()
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        raise refused() from None
    slug = claims.get("slug") if isinstance(claims, dict) else None
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise refused()
    return slug


def _verifies(token: str, key: str, slug: str, now: datetime) -> bool:
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return False
    ends = claims.get("exp")
    # The library asks the machine's clock; the house has one clock, and it is handed in.
    return (
        claims.get("slug") == slug
        and isinstance(ends, int | float)
        and not isinstance(ends, bool)
        and ends + LEEWAY > now.timestamp()
        and _begun(claims.get("nbf"), now)
    )


def _begun(starts: Any, now: datetime) -> bool:
    if starts is None:
        return True
    return isinstance(starts, int | float) and starts - LEEWAY <= now.timestamp()


@lru_cache(maxsize=1024)
def decrypt_key(vault: Vault, ciphertext: str) -> str:
    """A signing key in the clear; remembered, because every request and every webhook asks."""
    return vault.decrypt(ciphertext)


def signing_key(db: Db, organization_id: int) -> str:
    """The key that signs an organization's webhooks: its newest unrevoked depositions key.

    Raises LookupError when there is none left.
    """
    ciphertext = db.execute(NEWEST_KEY, {"organization_id": organization_id}).scalar_one_or_none()
    if ciphertext is None:
        raise LookupError("This organization has no active depositions key, so nothing can be signed for it.")
    return decrypt_key(db.vault, ciphertext)


def token(key: str, slug: str, expires_at: datetime) -> str:
    """A bearer for the depositions door, signed as a client would sign it."""
    return jwt.encode({"slug": slug, "exp": int(expires_at.timestamp())}, key, algorithm="HS256")


depositions_authenticator = JwtAuthenticator()
prescreens_authenticator = KeyAuthenticator(
    Product.PRESCREENS, r"(ra_[A-Za-z0-9_-]{16,200})", "A key of your organization: `ra_` and 32 characters or more."
)
inspections_authenticator = KeyAuthenticator(
    Product.INSPECTIONS,
    r"(?:nb_pub_[A-Za-z0-9_-]*:)?(nb_sec_[A-Za-z0-9_-]{16,200})",
    "A secret key `nb_sec_…`, alone or after its public half: `nb_pub_…:nb_sec_…`. Scopes limit what it may do.",
)
