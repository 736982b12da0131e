"""The page of one deposition: facts, activity, and what can be done."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response, url_for
from markupsafe import Markup

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import item_page, tagging
from app.dashboard.live import view_item
from app.dashboard.redirects import place_in_list
from app.depositions import api_examples, emails, presentation
from app.depositions.events import EVENTS, SUBJECT
from app.depositions.forms import (
    CancelForm,
    DeclineForm,
    MoveForm,
    NoticeForm,
    RoomForm,
    typed_time,
)
from app.depositions.forms.asking import AskForm
from app.depositions.forms.checklist import ChecklistForm
from app.depositions.models import BOOKED, Deposition, Manager, State
from app.depositions.queries import checklists, conflicts, managers
from app.depositions.queries.detail import DepositionDetail, Informed
from app.depositions.queries.managers import BookedSession
from app.depositions.queries.people import anybody_entered
from app.depositions.queries.related import related, same_case
from app.depositions.rules import flags, transitions, zone_rules
from app.depositions.rules.checklist import LABELS, PROGRESS, Progress, why_not_change_checklist
from app.depositions.rules.proposals import why_not_propose
from app.depositions.rules.questions import why_not_ask
from app.depositions.views import confirmations, knowledge
from app.depositions.views.ask import shown_question
from app.depositions.views.cases import case_url
from app.depositions.views.choices import manager_choices, manager_form, schedule_form, sessions_of_day
from app.depositions.views.filters import READERS, actable, pages, visible
from app.depositions.views.list import QUEUE
from app.depositions.views.proposing import shown_proposal
from app.depositions.views.reconfirm import shown_reconfirmation
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.changes.events import TimelineRow
from app.kernel.db.transaction import db, reading
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages
from app.kernel.web.live import Live


@pages.get("/<int:id>")
@allow(*READERS)
def detail(id: int) -> Response:
    """One deposition: facts, activity, and what can be done."""
    live = item_page.live_page(QUEUE, id, every=2)
    return live.not_modified() if live.unchanged else _page(visible(id), live=live)


@pages.post("/<int:id>")
@allow(*READERS)
def edit(id: int) -> Response:
    """The same page with the form that comes back from a preview as it was typed. Changes nothing."""
    return _page(actable(id), edited=confirmation_pages.edited_form())


def _page(deposition: DepositionDetail, live: Live | None = None, edited: str = "") -> Response:
    """The page, live or with the form named `edited` as it was posted."""
    now = clock.now()
    progress = checklists.checklist(reading(), deposition.id)
    open_items = [item for item, each in progress.items() if each == Progress.OPEN]
    found = flags.flags_of(deposition, now, presentation.country_of(deposition), open_items=open_items)
    denied = me().why_not(DEPOSITIONS, deposition.organization_id)
    list_state = QUEUE.ask(now)
    near = list_state.listing.near(db(), deposition.id)
    everybody = emails.everybody(deposition)
    version = deposition.version
    rows = events.timeline(db(), SUBJECT, deposition.id)
    others = related(reading(), deposition)
    choosing = deposition.state in (State.INITIAL, *BOOKED) and not denied
    team = managers.managers(reading()) if choosing else []
    ids = {one.id for one in team} | ({deposition.manager_id} if deposition.manager_id else set())
    sessions = managers.booked(reading(), ids, deposition.starts_at, deposition.ends_at)
    away = managers.away(reading(), team, deposition.starts_at, deposition.ends_at)
    of_the_case = {other.manager_id for other in others if same_case(other, deposition)}
    others_of_team = [one for one in team if one.id != deposition.manager_id]
    choices = manager_choices(others_of_team, sessions, away, deposition, of_the_case)
    messages = messages_about(db(), SUBJECT, deposition.id)
    informed = Informed.by(messages)
    known = knowledge.card(reading(), deposition, now)
    return item_page.respond(
        QUEUE,
        "depositions/detail.html",
        deposition.id,
        list_state,
        live,
        deposition=deposition,
        presence=view_item(DEPOSITIONS, SUBJECT, deposition.id, deposition.organization_id, now) if live else [],
        args=QUEUE.choose().args,
        tab=list_state.tab.label,
        near=near,
        place=place_in_list(list_state.listing, db(), near),
        tagged=tagging.shown(QUEUE, db(), deposition),
        state=presentation.STATES[State(deposition.state)],
        flags=[(flag, presentation.badge(flag)) for flag in found],
        conflicts=_conflicts(deposition, rows, now),
        hours=presentation.hours(deposition),
        board_url=url_for(".board", day=_day_of(deposition)) if me().scope(DEPOSITIONS).everything else "",
        case_url=case_url(deposition.organization_slug, deposition.case_name),
        yours=datetimes.viewer_time(deposition.starts_at, deposition.zone, me().time_zone),
        length=presentation.length(deposition),
        relative=_relative(deposition),
        day=presentation.day(deposition, me().time_zone, found),
        timeline=EVENTS.timeline(rows),
        messages=messages,
        informed=any(informed),
        denied=denied,
        now=now,
        participants=pluralize(len(everybody), "person", "people") if everybody else "",
        knowledge=known,
        question=shown_question(deposition),
        ask=AskForm(version=version) if edited == "ask" else AskForm(formdata=None, version=version),
        asking=edited == "ask",
        proposal=shown_proposal(deposition, now),
        reconfirmation=shown_reconfirmation(deposition, denied, now),
        related=others,
        states=presentation.STATES,
        manager_day=_manager_day(deposition, sessions),
        scope=me().scope(DEPOSITIONS),
        choices=choices,
        reasons=_reasons(deposition, denied, now, bool(known.behind)),
        **_hours_to_choose(deposition),
        schedule=schedule_form(deposition, team, choices, posted=edited == "schedule"),
        checklist=ChecklistForm(formdata=None, data={"version": version, **progress}),
        progress=[(LABELS[item], PROGRESS[each]) for item, each in progress.items() if each != Progress.NONE],
        room=RoomForm(version=version)
        if edited == "change_room"
        else RoomForm(formdata=None, version=version, room_url=deposition.room_url),
        cancel=CancelForm(version=version)
        if edited == "cancel"
        else CancelForm(formdata=None, version=version, notify=any(informed)),
        notice=NoticeForm(version=version)
        if edited == "write_notice"
        else NoticeForm(formdata=None, version=version, notice=deposition.notice),
        decline=(
            DeclineForm(version=version)
            if edited == "decline_cancellation"
            else DeclineForm(formdata=None, version=version)
        ),
        move=_move_form(deposition, team, posted=edited == "move"),
        manager=manager_form(deposition, team, choices, posted=edited == "change_manager"),
        zone_names=presentation.ZONE_NAMES,
        edited=edited,
        early=transitions.starts_early(deposition.starts_at, now),
        api_examples=api_examples.of(deposition),
        no_api_example=api_examples.NONE,
    )


def _day_of(deposition: Deposition) -> str:
    """The day on the viewer's clock on which it begins."""
    return datetimes.local(deposition.starts_at, me().time_zone).date().isoformat()


def _conflicts(deposition: DepositionDetail, rows: Sequence[TimelineRow], now: datetime) -> list[Markup]:
    """A sentence about each conflict, with links, and why it was booked all the same. `rows` are its events."""
    if not deposition.overlapping:
        return []
    found = conflicts.findings(reading(), deposition, now, besides=deposition.id)
    reasons = conflicts.reasons(reading(), deposition.id, [each.id for each in found if each.id is not None])
    for row in reversed(rows):
        for other in row.data.get("overlaps") or () if row.data.get("reason") else ():
            reasons[other] = row.data["reason"]
    return [confirmations.linked(each) + _in_spite(reasons.get(each.id or 0)) for each in found]


def _in_spite(reason: str | None) -> Markup:
    """The reason that was typed when the later of two sessions that overlap was booked, moved or given away."""
    if not reason:
        return Markup()
    return Markup(" <small>Booked all the same: “<bdi>{}</bdi>”</small>").format(reason)


def _relative(deposition: Deposition) -> str:
    """When it starts, counted from now; empty once that no longer matters."""
    if deposition.state in (State.ENDED, State.CANCELED):
        return ""
    return datetimes.relative(deposition.starts_at, clock.now())


def _hours_to_choose(deposition: Deposition) -> dict[str, str]:
    """The hours between which the team decides where zone rules have changed, in words; empty where one cannot be."""
    if not deposition.hour_moved:
        return {}
    length = deposition.ends_at - deposition.starts_at
    hours = [
        datetimes.span(start.starts_at, start.starts_at + length, deposition.zone) if start else ""
        for start in zone_rules.choices(deposition)
    ]
    return dict(zip(("clock_time", "moment"), hours, strict=True))


def _reasons(deposition: Deposition, denied: str | None, now: datetime, behind: bool) -> dict[str, str | None]:
    """Why each button is disabled, in the rules' own words; None where it is not. `behind` is whether somebody knows
    what no longer holds."""
    state, ahead = deposition.state, deposition.starts_at > now
    reasons = {
        "schedule": transitions.why_not_schedule(state),
        "cancel": transitions.why_not_cancel(state, ahead),
        "move": transitions.why_not_move(state),
        "change_manager": transitions.why_not_change_manager(state),
        "keep_hour": transitions.why_not_keep_hour(state, deposition.hour_moved),
        "start": transitions.why_not_start(state, deposition.room_url is not None),
        "take_back_start": transitions.why_not_take_back_start(
            state, deposition.started_at, state == State.ACTIVE and anybody_entered(reading(), deposition.id), now
        ),
        "end": transitions.why_not_end(state, ahead),
        "ask": why_not_ask(state),
        "propose": why_not_propose(state, len(emails.participants(deposition))),
        "change_checklist": why_not_change_checklist(state),
        "change_room": transitions.why_not_change_room(state),
        "decline_cancellation": transitions.why_not_decline_cancellation(state, deposition.cancellation_open),
        "tell": transitions.why_not_tell(state, transitions.over(deposition, now), behind),
        "write_notice": None,
        "assign": None,
    }
    return {verb: denied or reason for verb, reason in reasons.items()}


def _move_form(deposition: Deposition, team: Sequence[Manager], posted: bool) -> MoveForm:
    """The form of a move, with the moment as it is."""
    moment = {
        "version": deposition.version,
        "start_date": deposition.start_date,
        "start_time": typed_time(deposition.start_time),
        "time_zone": deposition.time_zone,
        "estimated_duration": deposition.estimated_duration or "",
        "notify": True,
    }
    form = MoveForm(version=deposition.version) if posted else MoveForm(formdata=None, data=moment)
    form.offer(team, deposition)
    return form


def _manager_day(deposition: Deposition, sessions: Sequence[BookedSession]) -> list[BookedSession]:
    """The sessions that the manager of a session has on its day, while it lies ahead or runs."""
    if deposition.state not in (*BOOKED, State.ACTIVE):
        return []
    return sessions_of_day((one for one in sessions if one.manager_id == deposition.manager_id), deposition)
