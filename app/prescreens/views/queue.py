"""The prescreens of one view, grouped by what is urgent about them."""

from datetime import datetime
from typing import Any

from flask import Response, request

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.desk.holds import queries as holds
from app.desk.holds import words as hold_words
from app.desk.live import live_list, who_looks
from app.desk.views import for_page
from app.kernel import clock
from app.kernel.htmx import respond
from app.kernel.transaction import db
from app.kernel.words import number_of
from app.prescreens import display, telling
from app.prescreens.models import ReviewStatus
from app.prescreens.queries import contacts, desk, templates
from app.prescreens.queries.desk import Tally
from app.prescreens.rules import review
from app.prescreens.views.shared import STAFF, Asked, pages

PAGE_SIZE = 50


@pages.get("", endpoint="list")
@allow(*STAFF)
def list_() -> Response:
    """The prescreens of one view, grouped by what is urgent about them."""
    asked, now = Asked(), clock.now()
    live = live_list("prescreen", me().scope(PRESCREENS), now, every=2)
    if live.unchanged:
        return live.not_modified()
    tally = desk.tally(db(), asked.reach, now, asked.template_id)
    page = desk.page(db(), asked.reach, asked.view, now, after=request.args.get("after"), size=PAGE_SIZE)
    total = desk.count_matching(db(), asked.reach, asked.view, now) if asked.text else tally.of(asked.state, asked.left)
    choices = templates.names(db(), desk.reach_of(me().scope(PRESCREENS), asked.organization_id))
    homes = templates.organizations(db(), desk.reach_of(me().scope(PRESCREENS)))
    several = asked.organization_id is None and len(homes) > 1
    views = for_page(db(), me(), PRESCREENS, asked.args, now, tab=("state", "left"))
    views.look_through(db(), "prescreen", [row for _, row in page.rows], page.first and not page.next_cursor)
    return respond(
        "prescreens/list.html",
        "prescreens/_queue.html",
        "queue",
        asked=asked,
        live=live,
        presence=who_looks("prescreen", [row.id for _, row in page.rows], now),
        title=telling.TITLES[asked.state, asked.left],
        lede=_lede(tally, homes, asked),
        tabs=views.beside(_tabs(asked, tally)),
        views=views,
        stretches=_groups(asked, page.rows, tally, now, several),
        total=total,
        full=bool(asked.text) and total >= desk.MOST_MATCHES,
        hidden=tally.of(asked.state, asked.left) if asked.text else 0,
        next_url=asked.url(after=page.next_cursor) if page.next_cursor else "",
        first_url="" if page.first else asked.url(),
        states=telling.STATE_CHOICES,
        template_choices=[("", "any"), *((row.id, _named(row, several)) for row in choices)],
        organization_choices=[("", "any"), *((row.id, row.name) for row in homes)],
        several=several,
        decided=asked.state in ("decided", "approved", "denied"),
        zone=me().time_zone,
        now=now,
    )


def _named(row: Any, several: bool) -> str:
    return f"{row.name}, {row.organization_name}" if several else row.name


def _lede(tally: Tally, homes: Any, asked: Asked) -> str:
    """What waits, where, and what is lost soon."""
    where = next((row.name for row in homes if row.id == asked.organization_id), "")
    if not where:
        where = homes[0].name if len(homes) == 1 else number_of(len(homes), "organization")
    waiting = f"{tally.waiting:,} {'waits' if tally.waiting == 1 else 'wait'} for a decision at {where}."
    soon = tally.until[3]
    if not soon:
        return waiting
    verb = "expires" if soon == 1 else "expire"
    return f"{waiting} {soon:,} {verb} within three days and could not be decided after that."


def _tabs(asked: Asked, tally: Tally) -> list[dict[str, Any]]:
    """The tabs. They keep organization and template, and drop the text."""
    shown = []
    for state, left in telling.TABS:
        n = tally.of(state, left)
        # Tabs about a single decision stand in the filter; "Decided" stays lit for them.
        lit = "decided" if asked.state in ("approved", "denied") else asked.state
        shown.append(
            {
                "label": telling.TAB_LABELS[state, left],
                "url": asked.url(state=None if state == "waiting" else state, left=left, q=None),
                "count": n,
                "tone": "danger" if left == 3 and n else "",
                "current": (state, left) == (lit, asked.left),
            }
        )
    return shown


def _groups(asked: Asked, rows: Any, tally: Tally, now: datetime, several: bool) -> list[dict[str, Any]]:
    """Rows under their group's heading; each row with the few facts that decide."""
    found = [row for _, row in rows]
    questions = templates.questions_of(db(), ((row.workflow_template_id, row.template_version) for row in found))
    again = contacts.known_before(db(), asked.reach, found)
    held = holds.of(db(), "prescreen", (row.id for row in found))
    shown: list[dict[str, Any]] = []
    for key, row in rows:
        if not shown or shown[-1]["key"] != key:
            heading, icon, tone = telling.GROUPS[key]
            count = None if asked.text else telling.group_count(key, tally, asked.left)
            shown.append({"key": key, "title": heading, "icon": icon, "tone": tone, "count": count, "rows": []})
        these = questions[row.workflow_template_id, row.template_version]
        shown[-1]["rows"].append(
            {
                "id": row.id,
                "url": asked.url(".detail", id=row.id),
                "name": telling.name_of(row),
                "template": f"{row.template_name}, {row.organization_name}" if several else row.template_name,
                "headlines": display.headlines(these, row.submission),
                "badges": _held(held.get(str(row.id)), now)
                + telling.badges(
                    row, display.not_met(these, row.submission), row.id in again, now, mixed=asked.state == "all"
                ),
                "with": row.assignee_name,
                "done": row.review_status != ReviewStatus.PENDING,
                "days": review.days_left(row.expires_at, now),
                "expired": review.has_expired(row, now),
                "until": telling.until(row.expires_at, me().time_zone, now),
                "expires_at": row.expires_at,
                "reviewed_at": row.reviewed_at,
            }
        )
    return shown


def _held(hold: Any, now: datetime) -> list[dict[str, Any]]:
    """Who has a decision on hold here, first of all that is worth knowing."""
    if hold is None:
        return []
    word = hold_words.ticking(hold_words.mark(hold, now, me().id), hold, now)
    return [{"word": word, "icon": "hourglass", "tone": "info", "odd": True}]
