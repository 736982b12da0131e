"""Authentication of the three APIs: which key is good for which product, and its rate limits (docs/authentication.md).

An authenticator has `authenticate(authorization, db, now) -> Caller`, which raises Unauthorized, and `limits(caller)`.
The refusal names what is wrong with a JWT as long as no key was looked up; from then on it is one sentence, whatever
the fault. Each lookup is one query, built once. A key of another product is a wrong key.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeGuard

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
from app.kernel.db.prepared import Prepared
from app.kernel.errors import FieldError, Invalid, Unauthorized
from app.kernel.json_types import JsonObject

LONGEST_HEADER = 8192
LEEWAY = 30
"""Seconds that the `exp` of a bearer may lie in the past, because clocks differ."""
OWN_CLAIMS = frozenset({"slug", "exp", "nbf", "iat", "iss", "aud", "sub", "jti"})
"""Claims about a token; all others of a signed payload are parameters."""
LAST_EXP = 253_402_300_799
"""The last second of the year 9999. An `exp` beyond it is meant in milliseconds, and would never pass."""


class Credential(NamedTuple):
    """The key that authenticated a call."""

    id: int
    prefix: str
    scopes: frozenset[str]
    label: str
    read_at: datetime | None


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


class _KeyRow(NamedTuple):
    """The columns of an active key and its open organization, in the order of _COLUMNS."""

    id: int
    prefix: str
    scopes: list[str]
    label: str
    last_used_at: datetime | None
    read_at: datetime | None
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


_COLUMNS = (
    ApiKey.id,
    ApiKey.prefix,
    ApiKey.scopes,
    ApiKey.label,
    ApiKey.last_used_at,
    ApiKey.read_at,
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
    Organization.closed_at.is_(None),
)
BY_SECRET = Prepared(select(*_COLUMNS).where(ApiKey.secret_sha256 == bindparam("digest"), *_ACTIVE), _KeyRow)
BY_SLUG = Prepared(
    select(*_COLUMNS).where(Organization.slug == bindparam("slug"), *_ACTIVE).order_by(ApiKey.id.desc()), _KeyRow
)
NEWEST_KEY: Prepared[object] = Prepared(
    select(ApiKey.secret_encrypted)
    .where(
        ApiKey.organization_id == bindparam("organization_id"),
        ApiKey.product == Product.DEPOSITIONS.value,
        ApiKey.revoked_at.is_(None),
    )
    .order_by(ApiKey.id.desc())
    .limit(1)
)


NOTHING_DONE = " Nothing was done."


def unauthorized(detail: str = "This needs a valid credential in the Authorization header.") -> Unauthorized:
    """The refusal of a credential; without `detail` the one for everything that only a key decides."""
    return Unauthorized(f"{detail}{NOTHING_DONE}", headers={"WWW-Authenticate": "Bearer"})


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header. Raises Unauthorized when there is none."""
    if token := _token_of(authorization):
        return token
    raise unauthorized()


def _token_of(authorization: str | None) -> str:
    """The token of an Authorization header, empty when there is none."""
    if not authorization or len(authorization) > LONGEST_HEADER:
        return ""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.isascii() else ""


def _caller(row: _KeyRow, db: Db, now: datetime) -> Caller:
    if is_stale(row.last_used_at, now):
        pending_times(db.database).add(ApiKey.last_used_at, row.id, now)
    return Caller(Credential(row.id, row.prefix, frozenset(row.scopes), row.label, row.read_at), Client._make(row[7:]))


class KeyAuthenticator:
    """Authenticates an opaque key, which is found by its SHA-256."""

    def __init__(self, product: Product, pattern: str, description: str) -> None:
        self.product = product
        self._parameters = {"product": product.value}
        self._pattern = re.compile(pattern)
        self.scheme_name = f"{product.value}_key"
        self.scheme: JsonObject = {"type": "http", "scheme": "bearer", "description": description}

    def recognizes(self, authorization: str | None) -> bool:
        """Whether the bearer has the form of such a key."""
        return bool(self._pattern.fullmatch(_token_of(authorization)))

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Caller:
        """Returns the caller. Raises Unauthorized."""
        found = self._pattern.fullmatch(bearer(authorization))
        if found is None:
            raise unauthorized()
        row = BY_SECRET.first(db, {"digest": sha256(found[1]), **self._parameters})
        if row is None:
            raise unauthorized()
        return _caller(row, db, now)

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

    def recognizes(self, authorization: str | None) -> bool:
        """Whether the bearer has three parts with dots between them."""
        return _token_of(authorization).count(".") == 2

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Caller:
        """Returns the caller; any unrevoked key of the organization may have signed. Raises Unauthorized."""
        token = bearer(authorization)
        slug = _slug_of(_claims(token), now)
        row = self._signer(token, slug, db)
        if row is None:
            raise unauthorized(NOT_SIGNED)
        return _caller(row, db, now)

    def parameters(self, payload: str, slug: str, db: Db, now: datetime) -> JsonObject:
        """The parameters in a payload that the organization `slug` signed with one of its keys, without the claims that
        are about the token itself. `slug` and `exp` are checked where it has them. Raises Invalid."""
        try:
            claims = _claims(payload)
            _check_times(claims, now, needs_end=False)
        except Unauthorized as refusal:
            raise _invalid_payload(refusal.detail) from None
        if claims.get("slug", slug) != slug or self._signer(payload, slug, db) is None:
            raise _invalid_payload("No active key of your company has signed this.")
        return {name: value for name, value in claims.items() if name not in OWN_CLAIMS}

    def _signer(self, token: str, slug: str, db: Db) -> _KeyRow | None:
        """The active key of an organization that signed a token."""
        for row in BY_SLUG.all(db, {"slug": slug, "product": self.product.value}):
            with suppress(LookupError):
                if row.secret_encrypted and _is_signed(token, decrypt_key(db.vault, row.secret_encrypted)):
                    return row
        return None

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

ALGORITHM = "HS256"
NOT_A_JWT = (
    "The bearer is not a JSON Web Token: three parts with dots between them, of which the first two are JSON objects "
    "in base64url. Sign one with your key; the key itself is never sent."
)
NOT_SIGNED = "No active key of a company with the `slug` of this token has signed it."

_OPTIONS: Options = {
    "require": [],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _claims(token: str) -> JsonObject:
    """The claims of a token, not verified yet. Raises Unauthorized when it cannot be read or has another algorithm."""
    parts = token.split(".")
    header, claims = (_json(part) for part in parts[:2]) if len(parts) == 3 else (None, None)
    if header is None or claims is None:
        raise unauthorized(NOT_A_JWT)
    if header.get("alg") != ALGORITHM:
        raise unauthorized(f"The `alg` of the token must be {ALGORITHM}.")
    return claims


def _json(part: str) -> JsonObject | None:
    try:
        found = orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return None
    return found if isinstance(found, dict) else None


def _slug_of(claims: JsonObject, now: datetime) -> str:
    """The company id of a token whose times are right. Raises Unauthorized, before any key is looked up."""
    _check_times(claims, now)
    slug = claims.get("slug")
    if not isinstance(slug, str) or not slug:
        raise unauthorized("The claim `slug` of the token is missing: it is your company id, as text.")
    if not SLUG.fullmatch(slug):
        raise unauthorized(NOT_SIGNED)
    return slug


def _check_times(claims: JsonObject, now: datetime, needs_end: bool = True) -> None:
    """Raises Unauthorized unless `now` lies between the begin and the end of a token.

    The library would read the machine's clock; the app has one clock, and it is passed in.
    """
    at, expires_at, begins_at = now.timestamp(), claims.get("exp"), claims.get("nbf")
    if expires_at is None and not needs_end:
        expires_at = LAST_EXP
    if not _is_number(expires_at):
        fault = "is missing" if expires_at is None else "is not a number"
        raise unauthorized(f"The claim `exp` of the token {fault}: it is when the token ends, in Unix epoch seconds.")
    if expires_at > LAST_EXP:
        raise unauthorized("The claim `exp` of the token is in milliseconds: it must be in Unix epoch seconds.")
    if expires_at + LEEWAY <= at:
        raise unauthorized("The claim `exp` of the token has passed: sign a new one.")
    if begins_at is not None and not (_is_number(begins_at) and begins_at - LEEWAY <= at):
        fault = "lies in the future" if _is_number(begins_at) else "is not a number"
        raise unauthorized(f"The claim `nbf` of the token {fault}: it is when the token begins, in Unix epoch seconds.")


def _invalid_payload(detail: str) -> Invalid:
    sentence = f"This cannot be read. {detail.removesuffix(NOTHING_DONE)}"
    return Invalid(f"jwt_payload: {sentence}", errors=[FieldError("jwt_payload", "signature", sentence)])


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_signed(token: str, key: str) -> bool:
    """Whether this key signed the token."""
    try:
        jwt.decode(token, key, algorithms=[ALGORITHM], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return False
    return True


@lru_cache(maxsize=1024)
def decrypt_key(vault: Vault, ciphertext: str) -> str:
    """A decrypted signing key; cached, because every request and every webhook needs it. Raises LookupError when it was
    encrypted with a key that is lost: to whoever wants to sign or verify it is no key any more."""
    try:
        return vault.decrypt(ciphertext)
    except ValueError:
        raise LookupError(
            "The newest depositions key of the organization cannot be read with the present ENCRYPTION_KEYS."
        ) from None


def signing_key(db: Db, organization_id: int) -> str:
    """The key that signs an organization's webhooks: its newest unrevoked depositions key.

    Raises LookupError when it has none that can be read.
    """
    ciphertext = NEWEST_KEY.scalar(db, {"organization_id": organization_id})
    if ciphertext is None:
        raise LookupError("The organization has no active depositions key to sign this with.")
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
