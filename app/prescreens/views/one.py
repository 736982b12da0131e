"""The page of one prescreen: the answers beside the criteria, what came before, what happened, and the decision."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.desk import tagging
from app.desk.holds import queries as holds
from app.desk.holds import words as hold_words
from app.desk.holds.models import State
from app.desk.live import live_item, look
from app.desk.returning import place_in_list
from app.kernel import clock, events, outbox, preview
from app.kernel.errors import Refusal
from app.kernel.htmx import respond
from app.kernel.transaction import reading
from app.prescreens import display, emails, telling, twins
from app.prescreens.forms import DecisionForm
from app.prescreens.queries import contacts, desk, templates
from app.prescreens.rules import review
from app.prescreens.views.queue import ROOM
from app.prescreens.views.shared import STAFF, find, pages


@pages.get("/<uuid:id>")
@allow(*STAFF)
def detail(id: UUID) -> Response:
    """One prescreen: the answers beside the criteria, what came before, what happened, and the decision."""
    now, scope = clock.now(), me().scope(PRESCREENS)
    live = live_item("prescreen", id, scope, now, every=2)
    if live.unchanged:
        return live.not_modified()
    asked, row, db = ROOM.ask(now), find(id), reading()
    presence = look(PRESCREENS, "prescreen", id, row.organization_id, now)
    workflow = templates.version(db, row.workflow_template_id, row.template_version)
    answers = display.beside_criteria(workflow.questions, row.submission)
    near = desk.near(db, asked.listing, asked.f, now, id)
    hold = holds.latest(db, "prescreen", id)
    refusal = _why_not(row, hold, now)
    return respond(
        "prescreens/detail.html",
        asked=asked,
        live=live,
        presence=presence,
        row=row,
        name=telling.name_of(row),
        workflow=workflow,
        state=review.state_of(row, now),
        badge=telling.state_badge(row, now),
        days=review.days_left(row.expires_at, now),
        answers=answers,
        criteria=any(answer["criterion"] for answer in answers),
        earlier=[telling.earlier(other, now) for other in contacts.earlier(db, row)],
        contact=contacts.get(db, row.contact_id),
        other_contact=contacts.get(db, row.other_contact_id),
        story=telling.story(events.story(db, "prescreen", id)),
        deliveries=outbox.deliveries_of(db, "prescreen", id),
        form=DecisionForm(formdata=None, version=row.version, notes=_notes(hold)),
        hold=_mark(hold, now),
        not_written=_not_written(hold),
        seconds=me().hold_seconds,
        reason=me().why_not(PRESCREENS, row.organization_id) or refusal,
        why_not_take=me().why_not(PRESCREENS, row.organization_id),
        letters={
            verb: preview.of(db, emails.of_decision(db, row, workflow, decision.value))
            for verb, decision in review.DECISIONS.items()
        }
        if review.state_of(row, now) == "completed"
        else {},
        place=place_in_list(asked.listing, db, near),
        previous_url=asked.url(".detail", id=near.previous) if near and near.previous else "",
        next_url=asked.url(".detail", id=near.next) if near and near.next else "",
        list_label=telling.TAB_LABELS.get((asked.f.state, asked.f.left), asked.title),
        seen=desk.Seen(row.version, row.assignee_id).number,
        tagged=tagging.shown(ROOM, db, row),
        twins=twins.of(row, review.state_of(row, now)),
        no_twin=twins.NONE,
        several=scope.everything or len(scope.organization_ids) > 1,
        zone=me().time_zone,
        now=now,
    )


def _mark(hold: Any, now: datetime) -> str:
    """Who has a decision on hold here, or nothing."""
    if hold is None or hold.state != State.HELD:
        return ""
    return hold_words.ticking(hold_words.mark(hold, now, me().id), hold, now)


def _why_not(row: Any, hold: Any, now: datetime) -> str | None:
    """The sentence beside disabled decision buttons, or None."""
    if hold is not None and hold.state == State.HELD:
        return hold_words.ticking(hold_words.refusal(hold, now, me().id), hold, now)
    try:
        review.check_review(row, now)
    except Refusal as refusal:
        return refusal.detail
    return None


def _notes(hold: Any) -> str:
    """What this person typed with a decision that was undone or did not become final: it is not lost."""
    ended = (State.UNDONE, State.RETURNED)
    if hold is None or hold.person_id != me().id or hold.state not in ended:
        return ""
    return hold.payload["notes"] or ""


def _not_written(hold: Any) -> dict[str, str]:
    """For whom had this on hold when it was decided or changed by somebody else: why, and what they had typed."""
    if hold is None or hold.person_id != me().id or hold.state not in (State.OVERTAKEN, State.RETURNED):
        return {}
    notes = hold.payload["notes"] if hold.state == State.OVERTAKEN else ""
    noun = hold_words.VERBS[hold.kind].noun
    return {"title": f"Your {noun} was not written.", "why": hold.why or "", "notes": notes or ""}
