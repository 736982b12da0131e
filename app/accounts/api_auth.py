"""Authentication of the three APIs: which key is good for which product, and its rate limits (docs/authentication.md).

An authenticator has `authenticate(authorization, db, now) -> Caller`, which raises the same Unauthorized for every
fault of a credential, and `limits(caller)`. Each lookup is one query, built once. A key of another product is a wrong
key.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import jwt
import orjson
from jwt.types import Options
from sqlalchemy import bindparam, select

from app.accounts.last_seen import is_stale, pending_times
from app.accounts.models import ApiKey, Organization, Plan
from app.accounts.roles import Product
from app.accounts.rules import SLUG
from app.kernel.crypto import Vault, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Unauthorized
from app.kernel.json_types import JsonObject

LONGEST_HEADER = 8192
LEEWAY = 30
"""Seconds that the `exp` of a bearer may lie in the past, because clocks differ."""


class Credential(NamedTuple):
    """The key that authenticated a call."""

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
    """An authenticated call: which key, of which organization."""

    credential: Credential
    organization: Client


_COLUMNS = (
    ApiKey.id,
    ApiKey.prefix,
    ApiKey.scopes,
    ApiKey.label,
    ApiKey.last_used_at,
    ApiKey.secret_encrypted,
    Organization.id.label("organization_id"),
    Organization.slug,
    Organization.name,
    Organization.plan,
    Organization.billing,
    Organization.self_service,
    Organization.locale,
    Organization.time_zone,
    Organization.contact_email,
    Organization.decision_emails,
)
_ACTIVE = (
    ApiKey.organization_id == Organization.id,
    ApiKey.revoked_at.is_(None),
    ApiKey.product == bindparam("product"),
)
BY_SECRET = select(*_COLUMNS).where(ApiKey.secret_sha256 == bindparam("digest"), *_ACTIVE)
BY_SLUG = select(*_COLUMNS).where(Organization.slug == bindparam("slug"), *_ACTIVE).order_by(ApiKey.id.desc())
NEWEST_KEY = (
    select(ApiKey.secret_encrypted)
    .where(
        ApiKey.organization_id == bindparam("organization_id"),
        ApiKey.product == Product.DEPOSITIONS.value,
        ApiKey.revoked_at.is_(None),
    )
    .order_by(ApiKey.id.desc())
    .limit(1)
)


def unauthorized() -> Unauthorized:
    """The one refusal for every credential that is not valid."""
    return Unauthorized(
        "This needs a valid credential in the Authorization header. Nothing was done.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header. Raises Unauthorized when there is none."""
    if not authorization or len(authorization) > LONGEST_HEADER:
        raise unauthorized()
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii() or not token:
        raise unauthorized()
    return token


class _KeyRow(NamedTuple):
    """The columns of an active key and its organization, in the order of _COLUMNS."""

    id: int
    prefix: str
    scopes: list[str]
    label: str
    last_used_at: datetime | None
    secret_encrypted: str | None
    organization_id: int
    slug: str
    name: str
    plan: str
    billing: str
    self_service: bool
    locale: str
    time_zone: str
    contact_email: str
    decision_emails: bool


def _caller(row: _KeyRow, db: Db, now: datetime) -> Caller:
    if is_stale(row.last_used_at, now):
        pending_times(db.database).add(ApiKey.last_used_at, row.id, now)
    return Caller(Credential(row.id, row.prefix, frozenset(row.scopes), row.label), Client._make(row[6:]))


class KeyAuthenticator:
    """Authenticates an opaque key, which is found by its SHA-256."""

    def __init__(self, product: Product, pattern: str, description: str) -> None:
        self.product = product
        self._parameters = {"product": product.value}
        self._pattern = re.compile(pattern)
        self.scheme_name = f"{product.value}_key"
        self.scheme: JsonObject = {"type": "http", "scheme": "bearer", "description": description}

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Caller:
        """Returns the caller. Raises Unauthorized."""
        found = self._pattern.fullmatch(bearer(authorization))
        if found is None:
            raise unauthorized()
        row = db.connection().execute(BY_SECRET, {"digest": sha256(found[1]), **self._parameters}).first()
        if row is None:
            raise unauthorized()
        return _caller(_KeyRow._make(row), db, now)

    def limits(self, caller: Caller) -> list[tuple[str, int]]:
        """The rate-limit buckets of a call, with the calls a minute that each allows."""
        organization = caller.organization
        if self.product is Product.INSPECTIONS:
            return [(f"key:{caller.credential.id}", 60), (f"inspections:{organization.id}", 600)]
        return [(f"prescreens:{organization.id}", PRESCREENS_A_MINUTE[organization.plan])]


class JwtAuthenticator:
    """Authenticates a JWT that the client signed with its organization's key (depositions, "Authorization")."""

    scheme_name = "depositions_jwt"

    def __init__(self) -> None:
        self.product = Product.DEPOSITIONS
        self.scheme: JsonObject = {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": (
                "A JSON Web Token, HS256, signed with an API key of your organization. "
                "Claims: `slug` (your company id) and `exp` (Unix epoch seconds), both required."
            ),
        }

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Caller:
        """Returns the caller; any unrevoked key of the organization may have signed. Raises Unauthorized."""
        token = bearer(authorization)
        slug = _claimed_slug(token)
        rows = db.connection().execute(BY_SLUG, {"slug": slug, "product": self.product.value}).all()
        for row in map(_KeyRow._make, rows):
            if row.secret_encrypted and _is_signed(token, decrypt_key(db.vault, row.secret_encrypted), slug, now):
                return _caller(row, db, now)
        raise unauthorized()

    def limits(self, caller: Caller) -> list[tuple[str, int]]:
        """The rate-limit bucket of a call, with the calls a minute that it allows."""
        return [(f"depositions:{caller.organization.id}", 600)]


PRESCREENS_A_MINUTE: dict[str, int] = {
    Plan.FREE.value: 30,
    Plan.PILOT.value: 30,
    Plan.STARTER.value: 30,
    Plan.PRO.value: 120,
    Plan.SCALE.value: 600,
}

HEADER_LENGTH = 512
_OPTIONS: Options = {
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
    """The company id in a token, not verified yet. Raises Unauthorized when the token cannot be read."""
    parts = token.split(".")
    if len(parts) != 3 or len(parts[0]) > HEADER_LENGTH:
        raise unauthorized()
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        raise unauthorized() from None
    slug = claims.get("slug") if isinstance(claims, dict) else None
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise unauthorized()
    return slug


def _is_signed(token: str, key: str, slug: str, now: datetime) -> bool:
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return False
    expires_at = claims.get("exp")
    # The library reads the machine's clock; the app has one clock, and it is passed in.
    return (
        claims.get("slug") == slug
        and isinstance(expires_at, int | float)
        and not isinstance(expires_at, bool)
        and expires_at + LEEWAY > now.timestamp()
        and _has_begun(claims.get("nbf"), now)
    )


def _has_begun(not_before: object, now: datetime) -> bool:
    if not_before is None:
        return True
    return isinstance(not_before, int | float) and not_before - LEEWAY <= now.timestamp()


@lru_cache(maxsize=1024)
def decrypt_key(vault: Vault, ciphertext: str) -> str:
    """A decrypted signing key; cached, because every request and every webhook needs it."""
    return vault.decrypt(ciphertext)


def signing_key(db: Db, organization_id: int) -> str:
    """The key that signs an organization's webhooks: its newest unrevoked depositions key.

    Raises LookupError when it has none.
    """
    ciphertext = db.execute(NEWEST_KEY, {"organization_id": organization_id}).scalar_one_or_none()
    if ciphertext is None:
        raise LookupError("This organization has no active depositions key, so nothing can be signed for it.")
    return decrypt_key(db.vault, ciphertext)


def token(key: str, slug: str, expires_at: datetime) -> str:
    """A bearer for the depositions API, signed as a client would sign it."""
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
