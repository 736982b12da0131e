"""API keys: creating and revoking them, and signing a bearer to try one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import update

from app.accounts import api_auth, events, rules
from app.accounts.models import ApiKey, Organization
from app.accounts.roles import ACCESS, Product
from app.kernel.changes.events import Actor, record
from app.kernel.crypto import random_token, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.kernel.text import normalization

BEARER_LIFE = timedelta(hours=1)
PREFIX_LENGTH = 6
"""Characters of the random part of a key that stay visible, so that people can tell keys apart."""


def create(
    db: Db,
    organization: Organization,
    product: str,
    *,
    by: Actor,
    now: datetime,
    scopes: Iterable[str] = (),
    label: str = "",
    secret: str | None = None,
) -> tuple[ApiKey, str]:
    """Creates a key and returns it with its secret, which cannot be read again. No scopes means all.

    `secret` sets the key's value (demonstration data only). Raises Invalid, or Conflict for a closed organization.
    """
    rules.check_open(organization.name, organization.closed_at)
    product = rules.one_of("product", product, (product.value for product in Product))
    allowed = rules.scopes(product, scopes)
    label = rules.plain_text("label", label, rules.LABEL_LENGTH) if normalization.name(label) else ""
    value = secret or random_token(32, ACCESS[product].key_prefix)
    key = ApiKey(
        organization_id=organization.id,
        product=product,
        label=label,
        prefix=value[: len(ACCESS[product].key_prefix) + PREFIX_LENGTH],
        secret_sha256=sha256(value),
        secret_encrypted=db.vault.encrypt(value) if product == Product.DEPOSITIONS else None,
        scopes=allowed,
        created_at=now,
    )
    db.add(key)
    db.flush()
    record(
        db,
        events.KEY_CREATED,
        subject_type="organization",
        subject_id=organization.id,
        organization_id=organization.id,
        by=by,
        now=now,
        data={"key": key.prefix, "product": product, "label": label, "scopes": allowed},
    )
    return key, value


def revoke(db: Db, key: ApiKey, *, by: Actor, now: datetime) -> None:
    """Revokes a key at once and for good. Raises Conflict when it is already revoked."""
    done = db.execute(
        update(ApiKey)
        .where(ApiKey.id == key.id, ApiKey.revoked_at.is_(None))
        .values({ApiKey.revoked_at: now})
        .returning(ApiKey.id)
    ).scalar_one_or_none()
    if done is None:
        raise Conflict("This key was already revoked. Nothing was changed.", code="key.already_revoked")
    record(
        db,
        events.KEY_REVOKED,
        subject_type="organization",
        subject_id=key.organization_id,
        organization_id=key.organization_id,
        by=by,
        now=now,
        data={"key": key.prefix, "product": key.product, "label": key.label},
    )


def print_bearer(db: Db, organization: Organization, *, by: Actor, now: datetime) -> tuple[str, datetime]:
    """A depositions bearer for one hour, and when it expires. Raises Conflict when the organization has no key, or is
    closed."""
    rules.check_open(organization.name, organization.closed_at)
    try:
        key = api_auth.signing_key(db, organization.id)
    except LookupError as reason:
        raise Conflict(f"{reason} Create one first.", code="key.missing") from None
    expires_at = now + BEARER_LIFE
    record(
        db,
        events.KEY_BEARER_PRINTED,
        subject_type="organization",
        subject_id=organization.id,
        organization_id=organization.id,
        by=by,
        now=now,
        data={"expires_at": expires_at.isoformat()},
    )
    return api_auth.token(key, organization.slug, expires_at), expires_at
