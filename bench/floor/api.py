"""The API paths that are measured: lists, one, create, review."""

import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import orjson

from bench.floor import store
from bench.floor.store import Transaction, iso, moment, query, text_of, uuid

Answer = tuple[int, bytes]

_PRESCREEN = (
    f"id, contact_id, workflow_template_id, {text_of('submission')}, status, review_status, review_notes, reviewed_at, "
    "created_at, updated_at, expires_at"
)
_PRESCREENS = (
    f"SELECT {_PRESCREEN} FROM prescreens WHERE organization_id = ? AND status = 'completed' "
    "AND review_status = 'pending_review' AND expires_at > ? ORDER BY expires_at DESC, id DESC LIMIT ?"
)
_WAITING = (
    "SELECT (SELECT coalesce(sum(n), 0) FROM prescreen_day_counts WHERE organization_id = ? AND expires_on > ? "
    "AND status = 'completed' AND review_status = 'pending_review') + (SELECT count(*) FROM prescreens "
    "WHERE organization_id = ? AND status = 'completed' AND review_status = 'pending_review' "
    "AND expires_at > ? AND expires_at < ?)"
)
_ONE_PRESCREEN = f"SELECT {_PRESCREEN} FROM prescreens WHERE id = ? AND organization_id = ?"
_REVIEW = (
    "UPDATE prescreens SET review_status = ?, review_notes = ?, reviewed_at = ?, reviewed_by = ?, updated_at = ?, "
    "version = version + 1 WHERE id = ? AND organization_id = ? AND status = 'completed' "
    f"AND review_status = 'pending_review' AND expires_at > ? RETURNING {_PRESCREEN}, email, name"
)
_TEMPLATE = "SELECT name FROM workflow_templates WHERE id = ?"
_INSPECTION = (
    f"id, status, operator_email, scheduled_for, started_at, ended_at, notes, locale, {text_of('consent_state')}, "
    "campaign_id, created_at, updated_at, expires_at"
)
_INSPECTIONS = (
    f"SELECT {_INSPECTION} FROM inspections WHERE organization_id = ? ORDER BY created_at DESC, id DESC LIMIT ?"
)
_EVENT = (
    "INSERT INTO events (organization_id, subject_type, subject_id, kind, actor_kind, actor_id, actor_name, via, "
    "request_id, address, data, created_at) VALUES (?, ?, ?, ?, 'key', ?, ?, 'api', ?, ?, ?, ?) RETURNING id"
)
_OUTBOX = (
    "INSERT INTO outbox (id, event_id, organization_id, subject_type, subject_id, channel, destination, summary, "
    "payload, secret, state, due_at, attempts, earlier_attempts, created_at) "
    f"VALUES (?, ?, ?, 'prescreen', ?, 'email', ?, ?, ?, {'0' if store.SQLITE else 'false'}, 'queued', ?, 0, 0, ?)"
)
_CLAIM = (
    "INSERT INTO idempotency_keys (id, fingerprint, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"
)
_STORED = "SELECT fingerprint, status, body FROM idempotency_keys WHERE id = ?"
_KEEP = "UPDATE idempotency_keys SET status = ?, body = ? WHERE id = ?"
_DEPOSITION = (
    "INSERT INTO depositions (organization_id, state, version, remote_session_id, slug, title, case_name, file_number, "
    "start_date, start_time, time_zone, estimated_duration, zone, starts_at, ends_at, ambiguous, session_type, "
    "deponent_name, deponent_email, deponent_role, invites, details, cancellation_open, sequence, created_at, "
    f"updated_at) VALUES (?, 'initial', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {'0' if store.SQLITE else 'false'}, "
    f"'remote_deposition', ?, ?, ?, ?, ?, {'0' if store.SQLITE else 'false'}, 0, ?, ?) RETURNING id"
)
_ENTRY = (
    "INSERT INTO search_entries (subject_type, subject_id, organization_id, title, rest) "
    "VALUES ('deposition', ?, ?, ?, ?) RETURNING id"
    if store.SQLITE
    else "INSERT INTO search_entries (id, subject_type, subject_id, organization_id, title, rest, document) "
    "SELECT id, 'deposition', ?, ?, ?, ?, CAST(? AS tsvector) || array_to_tsvector(ARRAY["
    + ", ".join(f"'\ue000#{bits}.' || (id >> {bits})" for bits in (11, 13, 15, 17, 19, 21, 23))
    + "]) "
    "FROM (SELECT nextval('search_entries_id_seq') AS id) AS new RETURNING id"
)
_INDEX = "INSERT INTO search_index (rowid, document) VALUES (?, ?)"
_RAILS = {"Pacific Time (US & Canada)": "America/Los_Angeles"}


def now() -> datetime:
    return datetime.now(UTC)


def prescreens(organization: int, limit: int) -> Answer:
    """What waits for a decision, newest first, with its exact total."""
    at = now()
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    today, tomorrow = midnight.date().isoformat(), moment(midnight + timedelta(days=1))
    stamp = moment(at)
    total = int(query(_WAITING, (organization, today, organization, stamp, tomorrow)).fetchone()[0])
    data = [_prescreen(row, at) for row in query(_PRESCREENS, (organization, stamp, limit)).fetchall()]
    pages = {"page": 1, "limit": limit, "total": total, "totalPages": -(-total // limit)}
    return 200, orjson.dumps({"data": data, "pagination": pages})


def prescreen(organization: int, id: str) -> Answer:
    row = query(_ONE_PRESCREEN, (id.replace("-", ""), organization)).fetchone()
    if row is None:
        return 404, b"{}"
    found = _prescreen(row, now())
    return 200, orjson.dumps({**found, "data": found})


def _prescreen(row: tuple[Any, ...], at: datetime) -> dict[str, Any]:
    expired = row[5] == "pending_review" and row[10] <= moment(at)
    return {
        "id": uuid(row[0]),
        "contactId": uuid(row[1]),
        "workflowTemplateId": uuid(row[2]),
        "submission": store.json(row[3]),
        "status": "expired" if expired else row[4],
        "reviewStatus": row[5],
        "reviewNotes": row[6],
        "reviewedAt": iso(row[7]),
        "createdAt": iso(row[8]),
        "updatedAt": iso(row[9]),
        "expiresAt": iso(row[10]),
    }


def review(key: int, organization: int, name: str, id: str, raw: bytes, address: str) -> Answer:
    """The decision, its history and the prospect's letter, in one transaction."""
    body = orjson.loads(raw)
    decision, notes = body.get("reviewStatus"), body.get("reviewNotes")
    if decision not in ("approved", "denied") or not isinstance(notes, str | None) or len(notes or "") > 2000:
        return 422, b"{}"
    at = now()
    stamp, hexed = moment(at), id.replace("-", "")
    with Transaction():
        given = (decision, notes, stamp, f"{name} (API)", stamp, hexed, organization, stamp)
        row = query(_REVIEW, given).fetchone()
        if row is None:
            return 409, b"{}"
        template = query(_TEMPLATE, (row[2],)).fetchone()[0]
        data = orjson.dumps({"prospect": row[12], "told": True}).decode()
        subject = ("prescreen", id, f"prescreen.{decision}")
        event = query(_EVENT, (organization, *subject, str(key), name, uuid4().hex, address, data, stamp)).fetchone()[0]
        email = _email(row[11], row[12], name, template, decision)
        summary, destination = f"{name} has decided", row[11].partition("@")[2]
        query(_OUTBOX, (uuid4().hex, event, organization, id, destination, summary, email, stamp, stamp))
    found = _prescreen(row[:11], at)
    return 200, orjson.dumps({**found, "data": found})


def _email(to: str, prospect: str, organization: str, template: str, decision: str) -> str:
    title = f"{organization} has {decision} your answers to {template}."
    text = f"Hello {prospect},\n\n{title}\n\nIf you have a question, ask {organization}.\n"
    html = f"<!doctype html><html><body><p>Hello {prospect},</p><p>{title}</p><p>Ask {organization}.</p></body></html>"
    return orjson.dumps({"to": to, "subject": title, "text": text, "html": html}).decode()


def inspections(organization: int, limit: int) -> Answer:
    """The newest, with a cursor for the next page."""
    at = moment(now())
    rows = query(_INSPECTIONS, (organization, limit + 1)).fetchall()
    more = len(rows) > limit
    data = [
        {
            "id": uuid(r[0]),
            "status": "expired" if r[1] == "created" and r[12] <= at else r[1],
            "operator_email": r[2],
            "scheduled_for": iso(r[3]),
            "started_at": iso(r[4]),
            "ended_at": iso(r[5]),
            "notes": r[6],
            "locale": r[7],
            "consent_state": store.json(r[8]),
            "campaign": uuid(r[9]),
            "created_at": iso(r[10]),
            "updated_at": iso(r[11]),
        }
        for r in rows[:limit]
    ]
    cursor = f"{rows[limit - 1][10]}|{rows[limit - 1][0]}".encode().hex() if more else None
    return 200, orjson.dumps({"data": data, "has_more": more, "next_cursor": cursor})


def create(environ: dict[str, Any], key: int, organization: int, name: str, raw: bytes) -> Answer:
    """A request with its words, history and counter, and the answer kept under its Idempotency-Key."""
    try:
        sent = orjson.loads(raw)["session_request"]
        what, who, invites = sent["remote_session"], sent["deponent"], sent["invites"]
        zone = _RAILS.get(what["time_zone"], what["time_zone"])
        wall = f"{what['start_date']} {what['start_time']}"
        starts = datetime.strptime(wall, "%Y-%m-%d %I:%M %p").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        hours = what.get("estimated_duration")
        ends = starts + timedelta(hours=hours or 0)
        words = _words(what["title"], what["case"], what.get("file_number"), who["name"], who["email"], *invites)
    except (KeyError, TypeError, ValueError):
        return 422, b"{}"
    stamp = moment(now())
    wanted = _sha(f"{key}\ncreate\n{environ['HTTP_IDEMPOTENCY_KEY']}".encode())
    fingerprint = _sha(raw)
    session = uuid4()
    with Transaction():
        if query(_CLAIM, (wanted, fingerprint, stamp)).fetchone() is None:
            known, status, body = query(_STORED, (wanted,)).fetchone()
            return (status, body.encode()) if known == fingerprint else (409, b"{}")
        id = query(
            _DEPOSITION,
            (
                organization,
                session.hex,
                re.sub(r"[^a-z0-9]+", "-", what["case"].lower()).strip("-")[:60] + "-" + secrets.token_hex(10),
                what["title"],
                what["case"],
                what.get("file_number"),
                what["start_date"],
                what["start_time"],
                what["time_zone"],
                None if hours is None else str(hours),
                zone,
                moment(starts),
                moment(ends),
                who["name"],
                who["email"],
                who.get("role"),
                orjson.dumps([{"email": each, "access_level": "participant"} for each in invites]).decode(),
                orjson.dumps(sent.get("session_details", {})).decode(),
                stamp,
                stamp,
            ),
        ).fetchone()[0]
        title, rest = _words(who["name"], what["case"]), {str(id), *words}
        lexemes = _lexemes(organization, title | rest)
        entry = (str(id), organization, " ".join(title), " ".join(rest - title))
        if store.SQLITE:
            query(_INDEX, (query(_ENTRY, entry).fetchone()[0], " ".join(lexemes)))
        else:
            query(_ENTRY, (*entry, " ".join(f"'{each}'" for each in lexemes))).fetchone()
        subject = ("deposition", str(id), "deposition.requested")
        address = environ.get("REMOTE_ADDR")
        query(
            _EVENT,
            (organization, *subject, str(key), name, uuid4().hex, address, '{"state":"initial"}', stamp),
        ).fetchone()
        body = orjson.dumps({"requests": [_request(id, sent, hours)]})
        query(_KEEP, (201, body.decode(), wanted))
    return 201, body


def _request(id: int, sent: dict[str, Any], hours: float | None) -> dict[str, Any]:
    what = sent["remote_session"]
    return {
        "id": id,
        "session_state": "initial",
        "session_url": None,
        "remote_session_id": None,
        "session_request": {
            "session_type": "remote_deposition",
            "deponent": sent["deponent"],
            "invites": sent["invites"],
        },
        "remote_session": {
            "title": what["title"],
            "case": what["case"],
            "start_date": what["start_date"],
            "start_time": what["start_time"],
            "time_zone": what["time_zone"],
            "estimated_duration": hours,
        },
        "session_details": sent.get("session_details", {}),
        "notice": None,
        "cancellation_requested": None,
    }


def _words(*texts: str | None) -> set[str]:
    """Words to search by; an address counts in its parts."""
    return {word for text in texts for word in re.findall(r"[^\W_]+", (text or "").lower())}


def _lexemes(organization: int, words: set[str]) -> set[str]:
    """What they are indexed by: their beginnings, and whose they are."""
    marks = {"\ue000deposition", f"\ue000deposition{organization}"}
    return marks | {word[:n] for word in words for n in (*range(1, 13), 16, 24, 40) if n <= len(word)}


def _sha(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
