"""The page of one prescreen: the answers beside the criteria, what came before, what happened, and the decision."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import tagging
from app.dashboard.live import live_item, view_item
from app.dashboard.redirects import place_in_list
from app.dashboard.undo import presentation as hold_words
from app.dashboard.undo import queries as holds
from app.dashboard.undo.models import State
from app.kernel import clock
from app.kernel.changes import confirmation, events
from app.kernel.db.transaction import reading
from app.kernel.errors import Refusal
from app.kernel.outbox import delivery_status
from app.kernel.web.htmx import respond
from app.prescreens import api_examples, display, emails, presentation
from app.prescreens.events import EVENTS, SUBJECT
from app.prescreens.forms import DecisionForm
from app.prescreens.queries import contacts, listing, questionnaires
from app.prescreens.rules import review
from app.prescreens.views.filters import STAFF, find, pages
from app.prescreens.views.list import QUEUE


@pages.get("/<uuid:id>")
@allow(*STAFF)
def detail(id: UUID) -> Response:
    """One prescreen: the answers beside the criteria, what came before, what happened, and the decision."""
    now, scope = clock.now(), me().scope(PRESCREENS)
    live = live_item("prescreen", id, scope, now, every=2)
    if live.unchanged:
        return live.not_modified()
    list_state, row, db = QUEUE.ask(now), find(id), reading()
    presence = view_item(PRESCREENS, "prescreen", id, row.organization_id, now)
    workflow = questionnaires.version(db, row.workflow_template_id, row.template_version)
    answers = display.beside_criteria(workflow.questions, row.submission)
    near = listing.near(db, list_state.listing, list_state.chosen, now, id)
    hold = holds.latest(db, "prescreen", id)
    refusal = _why_not(row, hold, now)
    return respond(
        "prescreens/detail.html",
        list_state=list_state,
        live=live,
        presence=presence,
        row=row,
        name=presentation.name_of(row),
        workflow=workflow,
        state=review.state_of(row, now),
        badge=presentation.state_badge(row, now),
        days=review.days_left(row.expires_at, now),
        answers=answers,
        criteria=any(answer["criterion"] for answer in answers),
        earlier=[presentation.earlier(other, now) for other in contacts.earlier(db, row)],
        contact=contacts.get(db, row.contact_id),
        other_contact=contacts.get(db, row.other_contact_id),
        story=EVENTS.timeline(events.timeline(db, SUBJECT, id)),
        messages=delivery_status.messages_about(db, "prescreen", id),
        form=DecisionForm(formdata=None, version=row.version, notes=_notes(hold)),
        hold=_mark(hold, now),
        not_written=_not_written(hold),
        seconds=me().undo_seconds,
        reason=me().why_not(PRESCREENS, row.organization_id) or refusal,
        why_not_take=me().why_not(PRESCREENS, row.organization_id),
        letters={
            verb: confirmation.preview_of(db, emails.of_decision(db, row, workflow, decision.value))
            for verb, decision in review.DECISIONS.items()
        }
        if review.state_of(row, now) == "completed"
        else {},
        place=place_in_list(list_state.listing, db, near),
        previous_url=list_state.url(".detail", id=near.previous) if near and near.previous else "",
        next_url=list_state.url(".detail", id=near.next) if near and near.next else "",
        list_label=list_state.tab.label or list_state.title,
        seen=listing.Seen(row.version, row.assignee_id).number,
        tagged=tagging.shown(QUEUE, db, row),
        api_examples=api_examples.of(row, review.state_of(row, now)),
        no_api_example=api_examples.NONE,
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
