"""The depositions desk's queue and its fragment, as f-strings with the marks of the real page.

It asks for whatever the page shows: rows, counts, revision, tags, who looks, saved views and notes, messages that
reached nobody, colleagues, organizations, holds. What never changes of the page lies in `shell.html` and `looks.html`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from bench.floor import auth, store
from bench.floor.api import now
from bench.floor.store import moment, query, text_of

SIZE = 50
_ROW = (
    f"SELECT d.id, d.version, d.starts_at, d.ends_at, d.zone, d.deponent_name, d.deponent_role, d.case_name, "
    f"{text_of('d.details')}, d.postback_url, d.assignee_name, d.created_at, o.name FROM depositions d "
    "JOIN organizations o ON o.id = d.organization_id WHERE d.state = 'initial' AND "
)
_SOON, _OUTSIDE = "starts_at >= ? AND starts_at < ?", "NOT (starts_at >= ? AND starts_at < ?)"
GROUPS = (
    ("Starts within 24 hours", "danger", "alarm-clock", _SOON, "starts_at"),
    ("Waits longer than a day", "warn", "clock", f"created_at < ? AND {_OUTSIDE}", "created_at"),
    ("New", "", "inbox", f"created_at >= ? AND {_OUTSIDE}", "created_at"),
)
_GROUP_ROWS = tuple(
    _ROW
    + where.replace("starts_at", "d.starts_at").replace("created_at", "d.created_at")
    + f" ORDER BY d.{order}, d.id LIMIT ?"
    for _, _, _, where, order in GROUPS
)
_GROUP_COUNTS = tuple(
    f"SELECT count(*) FROM (SELECT 1 FROM depositions WHERE state = 'initial' AND {where} LIMIT 1001) AS found"
    for _, _, _, where, _ in GROUPS
)
_COUNTS = "SELECT state, cancellation_open, sum(n) FROM deposition_counts GROUP BY state, cancellation_open"
_ORGANIZATIONS = "SELECT id, name FROM organizations ORDER BY name, id"
_TOKEN = "ImI4ZmU4YjE1ZWZjNWQ2ZmUzZjUxYzUxNDQ5ZWI0MDIzODg4ODY0MzUi.awMwNw.3367L72t3mGQKHinZ49id3OS0QQ"


_MARKS = ", ".join("?" * SIZE)
_REVISION = (
    "SELECT (SELECT sum(n) FROM (SELECT id AS n FROM events WHERE subject_type = 'deposition' ORDER BY id DESC "
    "LIMIT 100) AS newest), (SELECT sum(n) FROM (SELECT changed_at_us AS n FROM outbox "
    "WHERE subject_type = 'deposition' AND changed_at_us IS NOT NULL ORDER BY changed_at_us DESC LIMIT 100) "
    "AS newest), (SELECT sum(id) FROM presences "
    "WHERE subject_type = 'deposition' AND person_id <> ? AND seen_at > ?)"
)
_TAGS = (
    f"SELECT subject_id, name FROM tags WHERE subject_type = 'deposition' AND subject_id IN ({_MARKS}) "
    "ORDER BY subject_id, name"
)
_LOOKING = (
    "SELECT s.subject_id, p.name FROM presences s JOIN people p ON p.id = s.person_id "
    f"WHERE s.subject_type = 'deposition' AND s.subject_id IN ({_MARKS}) AND s.person_id <> ? AND s.seen_at > ? "
    "AND p.disabled_at IS NULL ORDER BY s.since, s.id"
)
_VIEWS = (
    "SELECT 1, id, place, name, query, created_at FROM saved_views WHERE desk = 'depositions' "
    "AND place IN (?, 'house') UNION ALL "
    "SELECT 2, id, place, text, query, written_at FROM handover_notes WHERE desk = 'depositions' "
    "AND place IN (?, 'house') UNION ALL "
    "SELECT 3, 0, '', '', view_sha256, since FROM view_looks WHERE person_id = ? AND desk = 'depositions'"
)
_UNDELIVERED = (
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'dead' AND dismissed_at IS NULL "
    "AND subject_type = 'deposition' LIMIT 1000) AS dead), (SELECT count(*) FROM (SELECT 1 FROM outbox "
    "WHERE state = 'queued' AND last_error IS NOT NULL AND subject_type = 'deposition' LIMIT 1000) AS failing)"
)
_ASSIGNEES = (
    "SELECT p.id, p.name FROM people p JOIN memberships m ON m.person_id = p.id WHERE m.role = 'scheduler' "
    "AND p.disabled_at IS NULL ORDER BY p.name, p.id LIMIT 200"
)
_OFFERED = (
    "SELECT name, sum(n) FROM tag_counts WHERE subject_type = 'deposition' GROUP BY name HAVING sum(n) > 0 "
    "ORDER BY sum(n) DESC, name LIMIT 100"
)
_PENDING = "SELECT id, name, url, final_at, state FROM holds WHERE shown_to = ? ORDER BY pressed_at DESC LIMIT 12"


def _blanks(name: str) -> Callable[[Mapping[str, str]], str]:
    """A file with ‹blanks›, as what fills them in."""
    pieces = re.split("‹([a-z]+)›", Path(__file__).with_name(name).read_text("utf-8"))
    texts, blanks = pieces[::2], pieces[1::2]

    def filled(values: Mapping[str, str]) -> str:
        found = [texts[0]]
        for blank, text in zip(blanks, texts[1:], strict=True):
            found += (values[blank], text)
        return "".join(found)

    return filled


_shell, _looks = _blanks("shell.html"), _blanks("looks.html")


def answer(environ: dict[str, Any], path: str) -> tuple[int, bytes]:
    who = auth.person(environ)
    if path != "/depositions" or who is None:
        return 404, b""
    at, me = now(), who[0]
    lapsed = moment(at - timedelta(seconds=90))
    revision = query(_REVISION, (me, lapsed)).fetchone()
    soon = (moment(at), moment(at + timedelta(hours=24)))
    edges = (soon, (moment(at - timedelta(hours=24)), *soon), (moment(at - timedelta(hours=24)), *soon))
    found: list[tuple[int, Sequence[Any]]] = []
    left = SIZE + 1
    for group, (sql, values) in enumerate(zip(_GROUP_ROWS, edges, strict=True)):
        rows = query(sql, (*values, left)).fetchall()
        found += [(group, row) for row in rows]
        left -= len(rows)
        if not left:
            break
    kept = query(_COUNTS).fetchall()
    waiting = sum(int(n) for state, _, n in kept if state == "initial")
    sizes = {group: query(_GROUP_COUNTS[group], edges[group]).fetchone()[0] for group in {g for g, _ in found}}
    ids = [str(row[0]) for _, row in found[:SIZE]]
    ids += [""] * (SIZE - len(ids))
    tags = query(_TAGS, tuple(ids)).fetchall()
    looking = query(_LOOKING, (*ids, me, lapsed)).fetchall() if revision[2] is not None else []
    label = query(_VIEWS, (f"person:{me}", f"person:{me}", me)).fetchall()
    beside: dict[str, str] = {}
    for id, words in (*tags, *looking):
        beside[id] = beside.get(id, "") + f' <span class="badge">{escape(words)}</span>'
    looks = _looks({"token": _TOKEN, "needs": f"{waiting:,}"}) + "".join(escape(row[3]) for row in label)
    queue = looks + _queue(found[:SIZE], sizes, waiting, len(found) > SIZE, at, beside)
    if "HTTP_HX_REQUEST" in environ:
        return 200, queue.encode()
    starting = sizes[0] if 0 in sizes else query(_GROUP_COUNTS[0], soon).fetchone()[0]
    return 200, _page(who, queue, kept, waiting, starting, f"{revision} {at:%H:%M}").encode()


def _queue(
    found: list[tuple[int, Any]], sizes: dict[int, int], total: int, more: bool, at: datetime, beside: dict[str, str]
) -> str:
    parts = []
    for group in sizes:
        word, tone, icon, *_ = GROUPS[group]
        rows = "".join(_line(row, at, beside) for mine, row in found if mine == group)
        parts.append(
            f'<tbody><tr class="group {tone}"><th colspan="7" scope="rowgroup">{_icon(icon)} {word} '
            f'<span class="count">{sizes[group]:,}</span></th></tr>{rows}</tbody>'
        )
    after = '<a class="btn" href="/depositions?after=next">Next page</a>' if more else ""
    return (
        '<table class="data-table" data-rows><caption class="visually-hidden" data-part="caption">Requests that need '
        f"scheduling, the most urgent first. {len(found)} of {total:,} shown. Sessions show their own time first, then "
        'yours.</caption><thead><tr><th scope="col" class="select-cell">'
        '<span class="visually-hidden">Select</span></th>'
        '<th scope="col" class="time-cell"><a href="/depositions?sort=starts">Starts</a></th>'
        '<th scope="col">Its day</th>'
        '<th scope="col">Who, and in which case</th><th scope="col">Flags</th><th scope="col">Assigned to</th>'
        '<th scope="col" class="number-cell"><a href="/depositions?sort=received">Clock</a></th></tr></thead>'
        f"{''.join(parts)}</table>"
        f'<nav class="pagination" aria-label="Pages">1–{len(found)} of {total:,} {after}</nav></div>'
    )


def _icon(name: str) -> str:
    return f'<svg class="icon" aria-hidden="true"><use href="/static/icons.svg?v=64e1badf9794#{name}"/></svg>'


_CALENDAR, _TONGUES, _WEBHOOK = _icon("calendar-x"), _icon("languages"), _icon("webhook")


def _line(row: Any, at: datetime, beside: dict[str, str]) -> str:
    id, version, starts, ends, zone, name, role, case, details, postback, assigned, created, organization = row
    if store.SQLITE:
        starts, ends, created = (datetime.fromisoformat(each + "+00:00") for each in (starts, ends, created))
    there = starts.astimezone(ZoneInfo(zone))
    hours = (ends - starts).total_seconds() / 3600
    left, width = (there.hour * 60 + there.minute) / 14.4, hours / 0.24
    odd = [f'<span class="badge filled warn">{_CALENDAR}{there:%A}</span>'] if there.weekday() > 4 else []
    interpreter = orjson.loads(details).get("interpreter")
    if interpreter:
        odd.append(f'<span class="badge filled">{_TONGUES}{escape(interpreter)} interpreter</span>')
    if postback is None:
        odd.append(f'<span class="badge">{_WEBHOOK}No webhook</span>')
    who = escape(name or "")
    take = (
        escape(assigned)
        if assigned
        else (
            f'<button class="btn quiet inline-action" type="submit" form="take" formaction="/depositions/{id}/assign" '
            f'name="version" value="{version}" aria-label="Assign to me: {who}" data-key="e">Assign to me</button>'
        )
    )
    until, wall = starts - at, there.strftime("%a %d %b, %I:%M %p")
    return (
        f'<tr id="deposition-{id}" data-row="{id}" data-version="{version}">\n<td class="select-cell">'
        f'<input type="checkbox" '
        f'name="row" value="{id}:{version}" form="bulk" aria-label="Select {who}"></td>\n<td class="time-cell"><time '
        f'datetime="{starts.isoformat()[:19]}Z">{wall} GMT-5</time> <small>{hours:g} h</small>'
        f'</td>\n<td class="day-cell">'
        '<svg class="ruler" height="10" aria-hidden="true">'
        '<rect class="track" x="29.17%" y="0" width="54.17%" height="9" '
        f'rx="2"/><line x2="100%" y1="9.5" y2="9.5"/>'
        f'<rect class="toned-fill" x="{left:.2f}%" y="0" width="{width:.2f}%" '
        f'height="9" rx="2"/></svg></td>\n<th scope="row" class="title-cell"><a href="/depositions/{id}">'
        f"<bdi>{who}</bdi></a>"
        f", {role} <small><bdi>{escape(case)}</bdi> · <bdi>{escape(organization)}</bdi></small></th>\n<td>"
        f'<div class="badges">{" ".join(odd)}{beside.get(str(id), "")}</div>'
        f'</td>\n<td>{take}</td>\n<td class="number-cell">'
        f'<span class="danger toned">in {until.days} d {until.seconds // 3600} h</span> <small>asked '
        f"{(at - created).days} d ago</small></td>\n</tr>\n"
    )


def _page(who: tuple[Any, ...], queue: str, kept: Sequence[Any], waiting: int, starting: int, revision: str) -> str:
    asked = sum(int(n) for _, open_, n in kept if open_)
    booked = sum(int(n) for state, _, n in kept if state in ("active", "scheduled", "ready"))
    everything = sum(int(n) for *_, n in kept)
    dead, failing = query(_UNDELIVERED).fetchone()
    people, offered = query(_ASSIGNEES).fetchall(), query(_OFFERED).fetchall()
    assigned_rows = query(_PENDING, (who[0],)).fetchall()
    options = "".join(f'<option value="{id}">{escape(each)}</option>' for id, each in query(_ORGANIZATIONS).fetchall())
    return _shell(
        {
            "name": escape(who[1]),
            "token": _TOKEN,
            "now": revision[-5:],
            "revision": escape(revision),
            "needs": f"{waiting:,}",
            "soon": f"{starting:,}",
            "cancellation": f"{asked:,}",
            "scheduled": f"{booked:,}",
            "everything": f"{everything:,}" + (f" Not told {dead}, failing {failing}" if dead or failing else ""),
            "options": options + "".join(f'<option value="{id}">{escape(name)}</option>' for id, name in people[1:]),
            "queue": queue
            + "".join(escape(row[0]) for row in offered)
            + "".join(escape(row[1]) for row in assigned_rows),
        }
    )
