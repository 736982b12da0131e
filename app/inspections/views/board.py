"""The live board, and the form of a new inspection."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from sqlalchemy import select

from app.accounts.access import allow, me
from app.accounts.models import Organization
from app.accounts.roles import INSPECTIONS
from app.accounts.rules import LOCALES
from app.desk.live import live_list, who_looks
from app.desk.views import for_page
from app.inspections import actions, display, emails, queries, rules
from app.inspections.forms import NewInspectionForm
from app.inspections.models import Campaign, Inspection
from app.inspections.views.shared import READERS, pages, places, progress
from app.kernel import clock, zones
from app.kernel.api import as_uuid
from app.kernel.errors import FieldError, Invalid, NotFound
from app.kernel.forms import choices
from app.kernel.htmx import respond, see_other
from app.kernel.transaction import db

TABS = {
    "now": "Now and today",
    "upcoming": "Upcoming",
    "unanchored": "Ended, not anchored",
    "ended": "Ended",
    "expired": "Expired",
    "all": "Everything",
}
GROUPS = {
    "waiting": ("Waiting for you", "door-open", "danger"),
    "live": ("Live", "radio", "good"),
    "today": ("Later today", "sun", ""),
    "upcoming": ("Upcoming", "calendar", ""),
    "unanchored": ("Ended, not anchored", "hourglass", "warn"),
    "ended": ("Ended", "circle-stop", ""),
    "expired": ("Expired, nobody came", "hourglass", ""),
    "all": ("Everything, newest first", "list", ""),
}


@pages.get("", endpoint="list")
@allow(*READERS)
def live_board() -> Response:
    """The live board: who waits for an operator first, then what is live, today's, and the other tabs."""
    now, person, scope = clock.now(), me(), me().scope(INSPECTIONS)
    filters, chosen = _filters()
    live = live_list("inspection", scope, now, every=2 if filters.view == "now" else 10)
    if live.unchanged:
        return live.not_modified()
    tomorrow = _next_midnight(now, person.time_zone)
    after = request.args.get("after")
    page = queries.board(
        db(),
        filters,
        scope.where(Inspection.organization_id),
        after,
        now=now,
        tomorrow=tomorrow,
        who=str(person.id),
    )
    shown = [row for _, row in page.rows]
    newest = queries.newest_invites(db(), [row.id for row in shown])
    letters = queries.letters(db(), [emails.link_name(invite) for invite in newest.values()])
    counts = queries.counts(db(), scope.where, now, tomorrow)
    where = places(db(), {row.organization_id for row in shown})
    rows = [
        (key, row, newest.get(row.id), progress(row, newest.get(row.id), letters, now), where[row.organization_id])
        for key, row in page.rows
    ]
    asked = {name: value for name, value in chosen.items() if value and (name, value) != ("view", "now")}
    views = for_page(db(), person, INSPECTIONS, asked, now)
    views.look_through(db(), "inspection", shown, page.first and not page.next_cursor)
    return respond(
        "inspections/list.html",
        "inspections/_queue.html",
        live=live,
        presence=who_looks("inspection", [row.id for row in shown], now),
        rows=rows,
        stretches=GROUPS,
        counts=counts,
        filters=filters,
        tab=TABS[filters.view],
        tabs=views.beside(_tabs(chosen, counts)),
        chosen=chosen,
        views=views,
        campaigns=queries.campaigns(db(), scope.where(Campaign.organization_id)),
        locales=LOCALES,
        next_url=_here(after=page.next_cursor) if page.next_cursor else "",
        first_url="" if page.first else _here(),
        several=scope.everything or len(scope.organization_ids) > 1,
        why_not=person.why_not(INSPECTIONS),
        status_of=rules.status_of,
        badges=display.STATUS_BADGES,
        stamps=display.ANCHORING_BADGES,
        now=now,
    )


def _tabs(chosen: dict[str, str], counts: dict[str, int]) -> list[dict[str, Any]]:
    """The tabs. They keep the other filters."""
    kept: dict[str, Any] = {name: chosen[name] or None for name in ("campaign", "language", "operator")}
    stuck = {"now": ("danger", counts["waiting"]), "unanchored": ("warn", counts["unanchored"])}
    return [
        {
            "label": label,
            "url": url_for(".list", view=key, **kept),
            "count": counts[key],
            "tone": stuck[key][0] if key in stuck and stuck[key][1] else "",
            "current": chosen["view"] == key,
        }
        for key, label in TABS.items()
    ]


def _filters() -> tuple[queries.Filters, dict[str, str]]:
    """What the address asks for. Raises Invalid for values that no filter has: never silently unfiltered."""
    chosen = {name: request.args.get(name, "").strip() for name in ("view", "campaign", "language", "operator")}
    chosen["view"] = chosen["view"] or "now"
    wrong = []
    if chosen["view"] not in TABS:
        wrong.append(FieldError("view", "unknown", f"The board has the tabs {', '.join(TABS)}."))
    if chosen["language"] and chosen["language"] not in LOCALES:
        wrong.append(FieldError("language", "unknown", "This language is not one of the 14."))
    if chosen["operator"] not in ("", "me"):
        wrong.append(FieldError("operator", "unknown", "Choose anyone, or me."))
    campaign: UUID | None = None
    try:
        campaign = as_uuid(chosen["campaign"]) if chosen["campaign"] else None
    except NotFound:
        wrong.append(FieldError("campaign", "unknown", "There is no such campaign."))
    if wrong:
        raise Invalid("This address asks for something the board does not have.", errors=wrong, status=400)
    operator = me().email if chosen["operator"] == "me" else ""
    return queries.Filters(chosen["view"], campaign, chosen["language"], operator), chosen


def _here(**changes: str | None) -> str:
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "after" and value}
    return url_for(".list", **{**kept, **changes})


def _next_midnight(now: datetime, zone: str) -> datetime:
    today = now.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(today + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


@pages.get("/new")
@allow(*READERS)
def new() -> Response:
    """The form of a new inspection. Raises Denied for people who only look."""
    return _new_page(_new_form())


@pages.post("/create")
@allow(*READERS)
def create() -> Response:
    """Makes an inspection and goes to its page."""
    form = _new_form()
    form.check()
    organization = _writable()[int(form.organization.data)]
    me().check(INSPECTIONS, organization.id)
    inspection = actions.create(
        db(),
        organization_id=organization.id,
        by=me().actor(),
        now=clock.now(),
        notes=form.notes.data or "",
        scheduled_for=_instant(form.scheduled_for.data, organization.time_zone),
        locale=form.locale.data,
        campaign_id=as_uuid(form.campaign.data) if form.campaign.data else None,
        operator_email=me().email,
    )
    return see_other(url_for(".detail", id=inspection.id))


def _instant(wall: datetime | None, zone: str) -> datetime | None:
    """The instant of a wall time in the organization's zone. Raises Invalid when the clocks skip it."""
    if wall is None:
        return None
    try:
        return zones.moment(wall, ZoneInfo(zone)).instant
    except zones.NonexistentTime as gap:
        sentence = f"The clocks skip this time that night. {gap.before:%H:%M} and {gap.after:%H:%M} exist."
    except OverflowError:
        sentence = "This must lie between 1970 and 2199."
    raise Invalid(sentence, errors=[FieldError("scheduled_for", "range", sentence)])


def _writable() -> dict[int, Any]:
    """The organizations this person may act for. Raises Denied when there is none."""
    scope = me().scope(INSPECTIONS, write=True)
    o = Organization.__table__.c
    found = places(db(), set(db().scalars(select(o.id).where(scope.where(o.id)))))
    if not found:
        me().check(INSPECTIONS, 0)
    return found


def _new_form() -> NewInspectionForm:
    places = _writable()
    form = NewInspectionForm()
    form.organization.choices = choices(*((str(place.id), place.name) for place in places.values()))
    if request.method == "GET":
        form.organization.data = str(next(iter(places)))
        form.locale.data = next(iter(places.values())).locale
    where = Campaign.organization_id.in_(sorted(places))
    known = ((str(campaign.id), campaign.name) for campaign in queries.campaigns(db(), where))
    form.campaign.choices = choices(("", "none"), *known)
    return form


def _new_page(form: NewInspectionForm) -> Response:
    places = _writable()
    return respond("inspections/new.html", form=form, zones={str(p.id): p.time_zone for p in places.values()})
