"""Hostile text in every field that people fill in: words that never break, right to left, joined emoji, long addresses.

It is written over the demonstration data, beside the rules: everywhere at once, and as long as each field may be.
"""

import json
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from sqlalchemy import JSON, Column, String, Table, select, text, update

import app.models  # noqa: F401  # fills the metadata
from app.kernel.db.engine import Base, Database, Db

WORDS = (
    "W" * 500,
    "مستأجر" * 80,
    "👩‍👩‍👧‍👧" * 60,
    "https://example.com/" + "path/" * 90,
    "N" * 400 + " of " + "x" * 90,
    "a_b" * 160,
)
"""Text without a place to break."""

READER = "vera@example.com"
"""Who opens every page: the address stays."""

FIELDS = {
    "anchor_requests": "authority reason",
    "anchors": "authority",
    "api_keys": "label",
    "campaigns": "name",
    "contacts": "name email phone",
    "denial_reasons": "changed_by",
    "deposition_people": "name answered_by",
    "deposition_questions": "question answer note asked_by asked_to",
    "depositions": (
        "title case_name file_number session_type deponent_name deponent_email postback_url notice moved_because "
        "manager_name manager_email provider room_url assignee_name"
    ),
    "documents": "name progress failure requested_name",
    "events": "actor_name address",
    "evidence_holds": "reason",
    "evidence_item_holds": "reason",
    "evidence_states": "note failure",
    "handover_notes": "text written_by_name",
    "holds": "name why",
    "inspections": "operator_email operator_name assignee_name notes",
    "invites": "recipient_first_name recipient_last_name recipient_email recipient_phone pin_agent",
    "manager_absences": "note",
    "managers": "name email telephone",
    "organizations": "name contact_email public_email public_phone hours",
    "outbox": "destination summary last_error dismissed_by",
    "outbox_attempts": "detail answer",
    "own_wordings": "text reason author",
    "passkeys": "name",
    "people": "name email",
    "prescreen_decisions": "decided_by why",
    "prescreen_files": "failure",
    "prescreen_inquiries": "text asked_by",
    "prescreen_measures": "changed_by",
    "prescreen_notes": "author text",
    "prescreens": "review_notes reviewed_by name email phone assignee_name",
    "proposal_people": "name note",
    "proposals": "because proposed_by",
    "saved_views": "name made_by_name",
    "sign_ins": "user_agent address",
    "tags": "name",
    "workflow_template_versions": "introduction author reason",
    "workflow_templates": "name changed_by",
}
"""Columns of free text by table."""

DATA: dict[tuple[str, str], Callable[[str, str], bool]] = {
    ("denial_reasons", "reasons"): lambda key, _: key == "text",
    ("depositions", "invites"): lambda key, _: key == "email",
    ("depositions", "details"): lambda key, _: True,
    ("events", "data"): lambda _, value: " " in value or "@" in value,
    ("managers", "languages"): lambda _, value: True,
    ("managers", "skills"): lambda _, value: True,
    ("managers", "templates"): lambda _, value: True,
    ("prescreen_decisions", "reasons"): lambda key, _: key in ("text", "other"),
    ("prescreen_inquiries", "added"): lambda key, _: key == "label",
    ("prescreens", "submission"): lambda _, value: True,
    ("workflow_template_versions", "questions"): lambda key, _: key in ("label", "hint", "criterion", "short"),
    ("workflow_template_versions", "texts"): lambda key, _: key not in ("language",),
    ("workflow_templates", "draft"): lambda key, _: key in ("label", "hint", "criterion", "short", "introduction"),
}
"""Columns of JSON, and which of their texts are free."""

OWN = {
    "anchor_requests anchors": "statement",
    "api_keys": "product prefix secret_encrypted scopes",
    "backfills": "name position",
    "chain_events": "kind payload occurred_at",
    "consent_wordings": "text",
    "consents": "subject",
    "deposition_people hour_answers proposal_people": "address zone answer",
    "deposition_questions": "choices",
    "depositions": "slug time_zone estimated_duration zone previous_zone before_start",
    "device_keys": "public",
    "documents": "kind options key mime",
    "events": "kind actor_kind actor_id request_id",
    "evidence": "mime record",
    "evidence_states": "content",
    "handover_notes saved_views": "place query name_key",
    "holds": "kind url actor payload digest",
    "idempotency_keys": "id fingerprint body later",
    "inspections": "consent_state subjects chain_head",
    "invites": "pin_network",
    "known_networks": "network",
    "mailboxes": "name",
    "managers people": "zone time_zone feed_hash password_hash split_desks",
    "organizations workflow_templates": "slug time_zone",
    "outbox": "channel dedupe",
    "passkeys": "credential_id public_key",
    "personal_records": "content",
    "prescreen_decisions": "met alike",
    "prescreen_files": "mime",
    "prescreen_inquiries": "keys given adding former",
    "prescreen_question_counts": "key step",
    "prescreens": "left_empty answer_times refused_answer alike_key progress",
    "proposals": "slots",
    "recipient_windows": "bucket sent",
    "search_entries": "title rest document",
    "tag_counts": "name",
    "tallies": "moment word part",
    "totp_secrets": "secret_encrypted",
    "wrong_codes": "recipient",
    "calendar_replies": "message",
}
"""Columns of text that nobody typed, or that are keys of what somebody did: zones, states, slugs, hashes, terms of the
search, what the chain has hashed."""

ENCRYPTED = {("outbox", "payload"), ("development_mail", "content")}
"""Messages: their subject, text, name and recipient."""


def neither_planted_nor_own() -> list[str]:
    """Columns of text that are neither listed here nor the product's by their look: a code of sixteen letters at most,
    a hash, a key of something normalized, a reference."""
    listed = {(table, column) for table, columns in FIELDS.items() for column in columns.split()}
    listed |= {*DATA, *ENCRYPTED}
    listed |= {
        (table, column) for tables, columns in OWN.items() for table in tables.split() for column in columns.split()
    }
    return [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if not column.foreign_keys and (table.name, column.name) not in listed and _free(column)
    ]


def _free(column: Column[Any]) -> bool:
    if isinstance(column.type, JSON):
        return True
    own = column.name.endswith(("sha256", "_hash", "hash", "phone_key", "email_key")) or column.name.startswith(
        "subject_"
    )
    return isinstance(column.type, String) and not own and (column.type.length or 1000) > 16


def plant(database: Database) -> None:
    """Writes hostile text over the demonstration data in an SQLite file that is only looked at afterwards."""
    words = cycle(WORDS)
    with database.write() as db:
        for (name,) in db.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            db.execute(text(f"DROP TRIGGER {name}"))
        for table, columns in FIELDS.items():
            for column in columns.split():
                _overwrite(db, table, column, lambda value, n, length: _typed(value, n, words, length))
        for (table, column), is_free in DATA.items():
            _overwrite(db, table, column, lambda value, _n, _length, free=is_free: _data(value, words, free))
        for table, column in ENCRYPTED:
            _overwrite(db, table, column, lambda value, _n, _length: _message(db, value, words))


def _typed(value: str, n: int, words: Iterator[str], length: int | None) -> str:
    return value if value == READER else f"{n}{next(words)}"[:length]


def _overwrite(db: Db, table_name: str, column_name: str, write: Callable[[Any, int, int | None], Any]) -> None:
    table: Table = Base.metadata.tables[table_name]
    column, key = table.c[column_name], [*table.primary_key.columns]
    length = getattr(column.type, "length", None)
    for n, row in enumerate(db.execute(select(column, *key).where(column.is_not(None))).all()):
        if row[0] not in ("", [], {}):
            where = (one == value for one, value in zip(key, row[1:], strict=True))
            db.execute(update(table).where(*where).values({column: write(row[0], n, length)}))


def _data(value: Any, words: Iterator[str], is_free: Callable[[str, str], bool], key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _data(item, words, is_free, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_data(item, words, is_free, key) for item in value]
    return next(words) if isinstance(value, str) and is_free(key, value) else value


def _message(db: Db, encrypted: str, words: Iterator[str]) -> str:
    content = json.loads(db.vault.decrypt(encrypted))
    for name in ("to", "name", "subject", "text", "body"):
        if name in content:
            content[name] = next(words)
    if "html" in content:
        content["html"] = f"<!doctype html><title>x</title><p>{next(words)}<p>{next(words)}"
    return db.vault.encrypt(json.dumps(content))
