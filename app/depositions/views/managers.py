"""The roster: everybody who manages sessions. The operating company's administrators edit it, its schedulers write
absences, its auditors look."""

from collections.abc import Iterator, Sequence

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS, Role
from app.dashboard import csv_export
from app.depositions import presentation
from app.depositions.actions import roster as actions
from app.depositions.events import EVENTS, MANAGER
from app.depositions.forms import AbsenceForm, ButtonForm, RosterForm
from app.depositions.models import Absence, Manager
from app.depositions.queries import managers as queries
from app.depositions.queries import planning, roster
from app.depositions.rules import rooms
from app.depositions.rules.availability import DAYS, hours_words
from app.depositions.rules.roster import COLUMNS, DAY_KEYS, RosterFacts
from app.depositions.rules.roster_csv import cells_of
from app.depositions.views.filters import READERS, pages
from app.kernel import clock
from app.kernel.changes import confirmation, events
from app.kernel.db.transaction import db, reading, side_transaction
from app.kernel.errors import Denied
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages, list_filters
from app.kernel.web.arguments import Variables
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.htmx import personal, respond, see_other
from app.kernel.web.list_filters import Filter

NOT_STAFF = "Only staff may look at the roster. Nothing was changed."
ONLY_ADMINS = "Only staff administrators may edit the roster."
ONLY_THE_TEAM = "Only administrators and the scheduling team may write absences."
ACTIVE = {"active": True, "inactive": False}


def check_may_look() -> None:
    """Raises Denied unless the user is of the operating company."""
    if not me().scope(DEPOSITIONS).everything:
        raise Denied(NOT_STAFF)


def why_not_edit() -> str | None:
    """Why the user may not edit the roster; None when they may."""
    may = any(grant.role is Role.ADMIN and grant.organization_id is None for grant in me().grants)
    return None if may else ONLY_ADMINS


def check_may_edit() -> None:
    """Raises Denied unless the user may edit the roster."""
    check_may_look()
    denied = why_not_edit()
    if denied:
        raise Denied(f"{denied} Nothing was changed.")


def why_not_absences() -> str | None:
    """Why the user may not write absences; None when they may."""
    scheduler = any(grant.role is Role.SCHEDULER and grant.organization_id is None for grant in me().grants)
    return None if scheduler or not why_not_edit() else ONLY_THE_TEAM


def _check_may_write_absences() -> None:
    check_may_look()
    denied = why_not_absences()
    if denied:
        raise Denied(f"{denied} Nothing was changed.")


@pages.get("/managers")
@allow(*READERS)
def managers() -> Response:
    """The roster by name, with what each manager has ahead."""
    check_may_look()
    now = clock.now()
    chosen = list_filters.read(
        "depositions.managers",
        Filter("q", "Name or address"),
        Filter("state", "State", [(state, state) for state in ACTIVE]),
    )
    rows = roster.listed(reading(), chosen["q"], ACTIVE.get(chosen["state"]), now)
    active, every = roster.counts(reading())
    return respond(
        "depositions/managers.html",
        "depositions/_managers.html",
        rows=rows,
        hours=roster.hours(reading(), [row.manager.id for row in rows]),
        chosen=chosen,
        active=active,
        every=every,
        full=len(rows) == roster.SHOWN,
        denied=why_not_edit(),
        now=now,
    )


@pages.get("/managers/new")
@allow(*READERS)
def new_manager() -> Response:
    """The form that adds a row."""
    check_may_edit()
    form = RosterForm(formdata=None, data={**cells_of(RosterFacts("", "", "")), "active": True, "version": 0})
    return respond("depositions/manager-new.html", form=form, **_choices())


@pages.post("/managers")
@allow(*READERS)
def add_manager() -> Response:
    """Adds a row."""
    check_may_edit()
    form = RosterForm()
    form.check()
    facts = form.facts()
    id = actions.add(db(), facts, by=me().actor(), now=clock.now())
    flash(f"{facts.name} is in the roster.")
    return see_other(url_for(".manager", id=id))


@pages.get("/managers/<int:id>")
@allow(*READERS)
def manager(id: int) -> Response:
    """One manager: what the row says, absences, the feed, the next sessions, and what has changed."""
    check_may_look()
    return _page(queries.get(reading(), id))


@pages.post("/managers/<int:id>/change")
@allow(*READERS)
def change_manager_facts(id: int) -> Response:
    """Writes what was changed in a row. Of a manager who is not active any more, it leads to their replacements."""
    check_may_edit()
    form = RosterForm()
    form.check()
    facts, before = form.facts(), queries.get(reading(), id)
    changed = actions.change(db(), id, facts, by=me().actor(), now=clock.now(), version=form.seen_version)
    if before.active and not facts.active and (n := _to_give(id)):
        are = pluralize(n, "booked session is", "booked sessions are")
        # Who may edit the roster need not be who gives sessions to others.
        given = "it is given to somebody else" if n == 1 else "they are given to others"
        flash(f"Saved for {facts.name}. {are} still theirs until {given}.")
        return see_other(url_for(".away", id=id))
    flash(f"Saved for {facts.name}." if changed else "Nothing differs, so nothing was saved.")
    return see_other(url_for(".manager", id=id))


@pages.post("/managers/<int:id>/absences")
@allow(*READERS)
def add_absence(id: int) -> Response:
    """Writes an absence."""
    _check_may_write_absences()
    form = AbsenceForm()
    form.check()
    days = (form.first_day.data, form.last_day.data, form.note.data or "")
    actions.add_absence(db(), id, *days, by=me().actor(), now=clock.now(), version=form.seen_version)
    return _absence_written(id)


@pages.post("/managers/<int:id>/away-today")
@allow(*READERS)
def away_today(id: int) -> Response:
    """Writes that a manager is away today, by their own calendar."""
    _check_may_write_absences()
    form = ButtonForm()
    form.check()
    now = clock.now()
    today = datetimes.local(now, queries.get(reading(), id).zone).date()
    actions.add_absence(db(), id, today, today, "", by=me().actor(), now=now, version=form.seen_version)
    return _absence_written(id)


def _absence_written(id: int) -> Response:
    """To the replacements, where there is something to replace."""
    n = _to_give(id)
    if not n:
        flash("Saved. No booked session lies within it.")
        return see_other(url_for(".manager", id=id))
    lie = pluralize(n, "booked session lies", "booked sessions lie")
    flash(
        f"Saved. {lie} within it, and stays as it is until you give it to somebody."
        if n == 1
        else f"Saved. {lie} within it, and stay as they are until you give them to others."
    )
    return see_other(url_for(".away", id=id))


def _to_give(id: int) -> int:
    """How many booked sessions of a manager somebody else has to take."""
    return len(planning.managed_while_away(db(), queries.get(db(), id), clock.now()))


@pages.post("/managers/<int:id>/absences/<int:absence_id>/remove")
@allow(*READERS)
def remove_absence(id: int, absence_id: int) -> Response:
    """Takes an absence back."""
    _check_may_write_absences()
    form = ButtonForm()
    form.check()
    actions.remove_absence(db(), id, absence_id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("The absence is removed.")
    return see_other(url_for(".manager", id=id))


@pages.post("/managers/<int:id>/feed")
@allow(*READERS)
def make_feed(id: int) -> Response:
    """Makes a calendar feed and shows its address, once: this response is the only place where it is ever written."""
    check_may_edit()
    form = ButtonForm()
    form.check()
    token = actions.make_feed(db(), id, by=me().actor(), now=clock.now(), version=form.seen_version)
    url = f"{db().config.public_base_url}/managers/feed/{token}.ics"
    return respond("depositions/manager-feed.html", manager=queries.get(db(), id), url=url)


@pages.post("/managers/<int:id>/feed/revoke")
@allow(*READERS)
def revoke_feed(id: int) -> Response:
    """Ends the calendar feed, once the user has read what that ends."""
    check_may_edit()
    form = ButtonForm()
    form.check()
    row, by, now = queries.get(reading(), id), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.revoke_feed(db, id, by=by, now=now, version=version), "revoke_feed", id
    )
    if preview:
        asked = Confirmation(
            title="Review and revoke",
            confirm="Revoke the feed",
            back=url_for(".manager", id=id),
            back_label="Back, keep the feed",
            icon="ban",
            tone="danger",
            subject=[row.name],
            note="Calendar programs that read it keep what they have, and learn nothing more. It cannot be restored; "
            "a new one has another address.",
        )
        return confirmation_pages.show(preview, asked)
    flash("The calendar feed is revoked. Its address answers nothing any more.")
    return see_other(url_for(".manager", id=id))


@pages.get("/managers/csv")
@allow(*READERS)
def managers_csv() -> Response:
    """The whole roster as a file that an import reads. Writes an event before the first row leaves."""
    check_may_look()
    now, rows = clock.now(), roster.every_row(reading())
    hours = roster.hours(reading(), [row.id for row in rows])
    with side_transaction() as own:
        csv_export.record_export(
            own,
            DEPOSITIONS,
            address=url_for(".managers"),
            rows=len(rows),
            organization_id=None,
            by=me().actor(),
            now=now,
        )

    def records() -> Iterator[Sequence[object]]:
        for row in rows:
            cells = cells_of(roster.facts(row, hours.get(row.id, [])))
            yield [cells[name] for name in COLUMNS]

    answer = Response((piece.encode() for piece in csv_export.lines(COLUMNS, records())), mimetype="text/csv")
    name = csv_export.file_name(DEPOSITIONS, "managers", now, me().time_zone)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)


def _page(row: Manager) -> Response:
    now = clock.now()
    absences = roster.absences(reading(), row.id, now)
    facts = roster.facts_of(reading(), row)
    form = RosterForm(formdata=None, data={**cells_of(facts), "active": row.active, "version": row.version})
    return respond(
        "depositions/manager.html",
        manager=row,
        facts=facts,
        telephone=queries.telephone_of(row),
        form=form,
        absence=AbsenceForm(formdata=None, data={"version": row.version}),
        absences=[(each, _days(each)) for each in absences],
        to_give=len(planning.managed_while_away(reading(), row, now)),
        away_now=any(one.first_day <= datetimes.local(now, row.zone).date() <= one.last_day for one in absences),
        sessions=[
            (each, presentation.hours(each), presentation.name_of(each))
            for each in roster.upcoming(reading(), row.id, now)
        ],
        hours=[
            (name, hours_words([one for one in facts.hours if one.weekday == day], row.zone) or "free")
            for day, name in enumerate(DAYS)
        ],
        denied=why_not_edit(),
        no_absences=why_not_absences(),
        activity=EVENTS.timeline(events.timeline(reading(), MANAGER, row.id, 50)),
        now=now,
        **_choices(),
    )


def _choices() -> Variables:
    """What the form of a row offers besides its fields."""
    return {"days": DAY_KEYS, "placeholders": rooms.PLACEHOLDERS, "zone_names": presentation.ZONE_NAMES}


def _days(absence: Absence) -> str:
    first, last = datetimes.day(absence.first_day), datetimes.day(absence.last_day)
    return first if first == last else f"{first} to {last}"
