"""Hostile text in every field that people fill in: words that never break, right to left, joined emoji, long addresses.

It is written over the demonstration data, beside the rules: everywhere at once, and as long as each field may be.
"""

import json
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from sqlalchemy import Table, select, text, update

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

FIELDS = {
    "anchor_requests": "authority reason",
    "anchors": "authority",
    "api_keys": "label",
    "campaigns": "name",
    "contacts": "name email phone",
    "depositions": (
        "title case_name file_number session_type deponent_name deponent_email postback_url notice "
        "manager_name manager_email provider room_url assignee_name"
    ),
    "events": "actor_name address",
    "handover_notes": "text written_by_name",
    "holds": "name why",
    "inspections": "operator_email operator_name assignee_name notes",
    "invites": "recipient_first_name recipient_last_name recipient_email recipient_phone pin_agent",
    "manager_absences": "note",
    "managers": "name",
    "organizations": "name contact_email",
    "outbox": "destination summary last_error dismissed_by",
    "outbox_attempts": "detail",
    "passkeys": "name",
    "people": "name",
    "prescreens": "review_notes reviewed_by name email phone assignee_name",
    "saved_views": "name made_by_name",
    "sign_ins": "user_agent",
    "tags": "name",
    "workflow_template_versions": "introduction author reason",
    "workflow_templates": "name changed_by",
}
"""Columns of free text by table."""

DATA: dict[tuple[str, str], Callable[[str, str], bool]] = {
    ("depositions", "invites"): lambda key, _: key == "email",
    ("depositions", "details"): lambda key, _: True,
    ("events", "data"): lambda _, value: " " in value or "@" in value,
    ("managers", "languages"): lambda _, value: True,
    ("managers", "skills"): lambda _, value: True,
    ("managers", "templates"): lambda _, value: True,
    ("prescreens", "submission"): lambda _, value: True,
    ("workflow_template_versions", "questions"): lambda key, _: key in ("label", "hint", "criterion", "short"),
    ("workflow_templates", "draft"): lambda key, _: key in ("label", "hint", "criterion", "short", "introduction"),
}
"""Columns of JSON, and which of their texts are free."""

ENCRYPTED = {("outbox", "payload"), ("development_mail", "content")}
"""Messages: their subject, text, name and recipient."""


def plant(database: Database) -> None:
    """Writes hostile text over the demonstration data in an SQLite file that is only looked at afterwards."""
    words = cycle(WORDS)
    with database.write() as db:
        for (name,) in db.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            db.execute(text(f"DROP TRIGGER {name}"))
        for table, columns in FIELDS.items():
            for column in columns.split():
                _overwrite(db, table, column, lambda _value, n, length: f"{n}{next(words)}"[:length])
        for (table, column), is_free in DATA.items():
            _overwrite(db, table, column, lambda value, _n, _length, free=is_free: _data(value, words, free))
        for table, column in ENCRYPTED:
            _overwrite(db, table, column, lambda value, _n, _length: _message(db, value, words))


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
