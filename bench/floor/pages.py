"""The depositions desk's queue and its fragment, as f-strings with the marks of the real page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from bench.floor import door, store
from bench.floor.api import now
from bench.floor.store import moment, query, text_of

SIZE = 50
_ROW = (
    f"SELECT d.id, d.version, d.starts_at, d.ends_at, d.zone, d.deponent_name, d.deponent_role, d.case_name, "
    f"{text_of('d.details')}, d.postback_url, d.assigned_name, d.created_at, o.name FROM depositions d "
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


def answer(environ: dict[str, Any], path: str) -> tuple[int, bytes]:
    who = door.person(environ)
    if path != "/depositions" or who is None:
        return 404, b""
    at = now()
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
    queue = _queue(found[:SIZE], sizes, waiting, len(found) > SIZE, at)
    if "HTTP_HX_REQUEST" in environ:
        return 200, queue.encode()
    starting = sizes[0] if 0 in sizes else query(_GROUP_COUNTS[0], soon).fetchone()[0]
    return 200, _page(who[1], queue, kept, waiting, starting).encode()


def _queue(found: list[tuple[int, Any]], sizes: dict[int, int], total: int, more: bool, at: datetime) -> str:
    parts = []
    for group in sizes:
        word, tone, icon, *_ = GROUPS[group]
        rows = "".join(_line(row, at) for mine, row in found if mine == group)
        parts.append(
            f'<tbody><tr class="group {tone}"><th colspan="6" scope="rowgroup">{_icon(icon)} {word} '
            f'<span class="count">{sizes[group]:,}</span></th></tr>{rows}</tbody>'
        )
    after = '<a class="btn" href="/depositions?after=next">Next page</a>' if more else ""
    return (
        f'<div id="queue"><table class="queue"><caption class="visually-hidden">Requests that need scheduling, the '
        f"most urgent first. {len(found)} of {total:,} shown. Sessions show their own time first, then yours."
        '</caption><thead><tr><th scope="col" class="when">Starts</th><th scope="col">Its day</th><th scope="col">Who, '
        'and in which case</th><th scope="col">What is odd</th><th scope="col">With</th><th scope="col" class="num">'
        f'Clock</th></tr></thead>{"".join(parts)}</table><nav class="pager">1–{len(found)} of {total:,} {after}</nav>'
        "</div>"
    )


def _icon(name: str) -> str:
    return f'<svg class="icon" aria-hidden="true"><use href="/static/icons.svg?v=64e1badf9794#{name}"/></svg>'


_CALENDAR, _TONGUES, _WEBHOOK = _icon("calendar-x"), _icon("languages"), _icon("webhook")


def _line(row: Any, at: datetime) -> str:
    id, version, starts, ends, zone, name, role, case, details, postback, assigned, created, organization = row
    if store.SQLITE:
        starts, ends, created = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (starts, ends, created))
    there = starts.astimezone(ZoneInfo(zone))
    hours = (ends - starts).total_seconds() / 3600
    left, width = (there.hour * 60 + there.minute) / 14.4, hours / 0.24
    odd = [f'<span class="badge odd warn">{_CALENDAR}{there:%A}</span>'] if there.weekday() > 4 else []
    interpreter = orjson.loads(details).get("interpreter")
    if interpreter:
        odd.append(f'<span class="badge odd">{_TONGUES}{escape(interpreter)} interpreter</span>')
    if postback is None:
        odd.append(f'<span class="badge">{_WEBHOOK}No webhook</span>')
    who = escape(name or "")
    take = (
        escape(assigned)
        if assigned
        else (
            f'<form method="post" action="/depositions/{id}/assign" hx-boost="true"><input type="hidden" '
            f'name="csrf_token" value="{_TOKEN}"><input type="hidden" name="version" value="{version}"><input '
            f'type="hidden" name="in_list" value="1"><button class="btn quiet take" type="submit" aria-label="Take it: '
            f'{who}">Take it</button></form>'
        )
    )
    until, wall = starts - at, there.strftime("%a %d %b, %I:%M %p")
    return (
        f'<tr id="deposition-{id}"><td class="when"><time datetime="{starts.isoformat()[:19]}Z">{wall} '
        f'GMT-5</time> <small>{hours:g} h</small></td><td class="day"><svg class="ruler" height="10" '
        f'aria-hidden="true"><rect class="c" x="29.17%" y="0" width="54.17%" height="9" rx="2"/><line x2="100%" '
        f'y1="9.5" y2="9.5"/><rect class="t" x="{left:.2f}%" y="0" width="{width:.2f}%" height="9" rx="2"/></svg></td>'
        f'<th scope="row" class="what"><a href="/depositions/{id}"><bdi>{who}</bdi></a>, {role} <small><bdi>'
        f'{escape(case)}</bdi> · <bdi>{escape(organization)}</bdi></small></th><td><div class="badges">'
        f'{" ".join(odd)}</div></td><td>{take}</td><td class="num"><span class="danger toned">in {until.days} d '
        f"{until.seconds // 3600} h</span> <small>asked {(at - created).days} d ago</small></td></tr>\n"
    )


def _page(name: str, queue: str, kept: Sequence[Any], waiting: int, starting: int) -> str:
    asked = sum(int(n) for _, open_, n in kept if open_)
    booked = sum(int(n) for state, _, n in kept if state in ("active", "scheduled", "ready"))
    everything = sum(int(n) for *_, n in kept)
    tabs = "".join(
        f'<a href="/depositions?view={view}">{word} <span class="count">{n:,}</span></a> '
        for view, word, n in (
            ("needs", "Needs scheduling", waiting),
            ("soon", "Starts within 24 h", starting),
            ("cancellation", "Cancellation asked", asked),
            ("scheduled", "Scheduled", booked),
            ("everything", "Everything", everything),
        )
    )
    options = "".join(f'<option value="{id}">{escape(each)}</option>' for id, each in query(_ORGANIZATIONS).fetchall())
    return (
        '<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><link rel="stylesheet" '
        'href="/static/app.css"><title>Requests that need scheduling · Session Desk</title></head><body class="shell">'
        f'<header class="top"><a class="brand" href="/">Session Desk</a><button>{escape(name)}</button></header>'
        f'<nav class="nav"><ul><li><a href="/depositions">{_icon("inbox")}Requests <span class="count">{waiting:,}'
        f'</span></a></li><li><a href="/">{_icon("chart-column")}Overview</a></li></ul></nav><main class="sheet">'
        f'<h1>Requests that need scheduling</h1><nav class="views">{tabs}</nav><form class="filters" method="get" '
        f'action="/depositions"><select name="organization"><option value="">any</option>{options}</select></form>'
        f"{queue}</main></body></html>"
    )
