"""Who is there: a hundred organizations with keys that are known, and people who are signed in.

Rate limits stay on while the bench runs, so requests rotate over enough organizations and keys to stay below them:
600 a minute and organization at each door, and 60 a minute and key at the inspections door.
"""

import base64
import hashlib
import uuid
from datetime import datetime, timedelta

from sqlalchemy import insert

from app.accounts import api_auth, passwords, rules
from app.accounts.models import ApiKey, Membership, Organization, Person, SignIn
from app.accounts.roles import ACCESS, Product, Role
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.prescreens.models import Questionnaire, QuestionnaireVersion

ORGANIZATIONS = 100
INSPECTIONS_KEYS = 10
"""Keys an organization at the inspections door, where each may call 60 times a minute."""
TEMPLATES = 2
PASSWORD = "measure twice, cut once"
PEOPLE = {
    "scheduler@bench.example": ("Ines Scheduler", Role.SCHEDULER, None),
    "agent@bench.example": ("Lena Agent", Role.LEASING_AGENT, 2),
    "operator@bench.example": ("Otto Operator", Role.OPERATOR, 2),
}
"""Address: name, role, organization (None: house staff)."""

QUESTIONS = [
    {"key": "fullName", "label": "What is your name?", "type": "name", "required": True},
    {"key": "email", "label": "What is your e-mail address?", "type": "email", "required": True},
    {"key": "moveInDate", "label": "When would you move in?", "type": "date", "required": True},
    {"key": "budget", "label": "What is your budget a month?", "type": "number", "required": True},
    {"key": "pets", "label": "Which pets do you have?", "type": "text", "required": False},
]


def slug(organization_id: int) -> str:
    return f"bench-{organization_id:03d}"


def organization_name(organization_id: int) -> str:
    return f"Bench {organization_id:03d} & Partners"


def template_id(organization_id: int, number: int) -> uuid.UUID:
    return uuid.UUID(hashlib.md5(f"template {organization_id} {number}".encode()).hexdigest())


def key(product: str, organization_id: int, number: int = 0) -> str:
    """The secret of one key: always the same, so that nothing needs to be kept beside the database."""
    digest = hashlib.sha256(f"bench {product} {organization_id} {number}".encode()).digest()
    return ACCESS[product].key_prefix + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def keys(product: str) -> list[tuple[int, str]]:
    """(organization id, secret) of every key of a product, neighbours belonging to different organizations."""
    each = INSPECTIONS_KEYS if product == Product.INSPECTIONS else 1
    return [(org, key(product, org, number)) for number in range(each) for org in range(1, ORGANIZATIONS + 1)]


def bearers(product: str, now: datetime) -> list[tuple[int, str]]:
    """(organization id, bearer) for every key: the key itself, or for depositions a token that lives for a day."""
    if product != Product.DEPOSITIONS:
        return keys(product)
    ends = now + timedelta(days=1)
    return [(org, api_auth.token(secret, slug(org), ends)) for org, secret in keys(product)]


def sign_in_token(email: str) -> str:
    """What the floor's cookie holds; the product's cookie comes from signing in at its page."""
    return sha256(f"bench {email}")


def build(db: Db, now: datetime) -> None:
    """Writes organizations, keys, people, sign-ins and questionnaires into an empty database."""
    every = range(1, ORGANIZATIONS + 1)
    db.execute(insert(Organization), [_organization(each, now) for each in every])
    db.execute(
        insert(ApiKey),
        [_key(db, product, org, secret, now) for product in Product for org, secret in keys(product.value)],
    )
    hashed = passwords.hash_password(PASSWORD)
    for id, (email, (name, role, organization_id)) in enumerate(PEOPLE.items(), 1):
        person = {"id": id, "email": email, "name": name, "password_hash": hashed, "created_at": now}
        db.execute(insert(Person), person)
        db.execute(insert(Membership), {"person_id": id, "organization_id": organization_id, "role": role.value})
        moments = {"created_at": now, "last_seen_at": now}
        db.execute(
            insert(SignIn),
            {"person_id": id, "token_sha256": sha256(sign_in_token(email)), "session_epoch": 0, **moments},
        )
    pairs = [(org, number) for org in every for number in range(TEMPLATES)]
    db.execute(insert(Questionnaire), [_template(org, number, now) for org, number in pairs])
    version = {"number": 1, "questions": QUESTIONS, "introduction": "A few questions first.", "created_at": now}
    db.execute(
        insert(QuestionnaireVersion), [{"workflow_template_id": template_id(*pair), **version} for pair in pairs]
    )


def _organization(id: int, now: datetime) -> dict[str, object]:
    contact = f"desk@{slug(id)}.example"
    names = {"slug": slug(id), "name": organization_name(id), "contact_email": contact}
    return {"id": id, **names, "plan": "scale", "created_at": now}


def _key(db: Db, product: Product, organization_id: int, secret: str, now: datetime) -> dict[str, object]:
    return {
        "organization_id": organization_id,
        "product": product.value,
        "label": "bench",
        "prefix": secret[:13],
        "secret_sha256": sha256(secret),
        "secret_encrypted": db.vault.encrypt(secret) if product is Product.DEPOSITIONS else None,
        "scopes": rules.scopes(product.value, ()),
        "created_at": now,
    }


def _template(organization_id: int, number: int, now: datetime) -> dict[str, object]:
    names = {"slug": f"flat-{number}", "name": f"Flat {number + 1}"}
    return {"id": template_id(organization_id, number), "organization_id": organization_id, **names, "created_at": now}
