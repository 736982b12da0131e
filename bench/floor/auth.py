"""Who asks: opaque keys by their SHA-256, bearers of the depositions door by their HMAC, staff by their cookie."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64decode
from typing import Any

import orjson

from app.config import Config
from app.kernel.crypto import Vault
from bench.floor.store import query

_KEY = (
    "SELECT k.id, o.id, o.name FROM api_keys k JOIN organizations o ON o.id = k.organization_id "
    "WHERE k.secret_sha256 = ? AND k.product = ? AND k.revoked_at IS NULL"
)
_SLUG = (
    "SELECT k.id, o.id, o.name, k.secret_encrypted FROM api_keys k JOIN organizations o ON o.id = k.organization_id "
    "WHERE o.slug = ? AND k.product = 'depositions' AND k.revoked_at IS NULL ORDER BY k.id DESC"
)
_PERSON = (
    "SELECT p.id, p.name, p.email, m.role, m.organization_id FROM sign_ins s JOIN people p ON p.id = s.person_id "
    "LEFT JOIN memberships m ON m.person_id = p.id "
    "WHERE s.token_sha256 = ? AND s.ended_at IS NULL AND s.session_epoch = p.session_epoch AND p.disabled_at IS NULL"
)
_vault = Vault(Config.from_env())
_secrets: dict[str, bytes] = {}


def by_key(environ: dict[str, Any], product: str) -> tuple[int, int, str] | None:
    """(key id, organization id, organization's name), or None."""
    token = environ.get("HTTP_AUTHORIZATION", "")[7:]
    return query(_KEY, (hashlib.sha256(token.encode()).hexdigest(), product)).fetchone()


def by_bearer(environ: dict[str, Any]) -> tuple[int, int, str] | None:
    """The same for a JSON Web Token signed with HS256."""
    signed, _, signature = environ.get("HTTP_AUTHORIZATION", "")[7:].rpartition(".")
    try:
        claims = orjson.loads(_decoded(signed.partition(".")[2]))
        given = _decoded(signature)
    except ValueError:
        return None
    for key, organization, name, encrypted in query(_SLUG, (claims.get("slug"),)):
        secret = _secrets.get(encrypted)
        if secret is None:
            secret = _secrets[encrypted] = _vault.decrypt(encrypted).encode()
        right = hmac.digest(secret, signed.encode(), "sha256")
        if hmac.compare_digest(right, given) and claims.get("exp", 0) > time.time():
            return key, organization, name
    return None


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def person(environ: dict[str, Any]) -> tuple[Any, ...] | None:
    """(id, name, address, role, organization id) of whoever is signed in."""
    _, mark, rest = environ.get("HTTP_COOKIE", "").partition("floor=")
    if not mark:
        return None
    return query(_PERSON, (hashlib.sha256(rest.partition(";")[0].encode()).hexdigest(),)).fetchone()
