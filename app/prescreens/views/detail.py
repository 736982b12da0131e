"""The page of one prescreen: answers beside criteria, earlier prescreens, activity, and the decision."""

from datetime import datetime
from uuid import UUID

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import item_page, tagging
from app.dashboard.live import view_item
from app.dashboard.redirects import place_in_list
from app.dashboard.undo import presentation as undo_presentation
from app.dashboard.undo import queries as undo_queries
from app.dashboard.undo.models import Decision, State
from app.kernel import clock
from app.kernel.changes import confirmation, events
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.errors import Refusal
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.text import datetimes
from app.kernel.web import confirmation_pages
from app.kernel.web.live import Live
from app.prescreens import api_examples, emails, presentation
from app.prescreens.events import EVENTS, SUBJECT
from app.prescreens.forms import DecisionForm
from app.prescreens.models import Prescreen
from app.prescreens.queries import alike, contacts, listing, questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import matching, review
from app.prescreens.views.filters import READERS, actable, pages, visible
from app.prescreens.views.list import QUEUE


@pages.get("/<uuid:id>")
@allow(*READERS)
def detail(id: UUID) -> Response:
    """One prescreen: answers beside criteria, earlier prescreens, activity, and the decision."""
    live = item_page.live_page(QUEUE, id, every=2)
    return live.not_modified() if live.unchanged else _page(visible(id), live=live)


@pages.post("/<uuid:id>")
@allow(*READERS)
def edit(id: UUID) -> Response:
    """The same page with the form that comes back from a preview as it was typed. Changes nothing."""
    return _page(actable(id), edited=confirmation_pages.edited_form())


def _page(prescreen: Prescreen, live: Live | None = None, edited: str = "") -> Response:
    """The page, live or with the form named `edited` as it was posted."""
    now, db, id, scope = clock.now(), reading(), prescreen.id, me().scope(PRESCREENS)
    list_state = QUEUE.ask(now)
    questionnaire = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
    answers = presentation.answer_rows(questionnaire.questions, prescreen.submission)
    near = listing.near(db, list_state.listing, list_state.chosen, now, id)
    decision = undo_queries.latest(db, SUBJECT, id)
    denied = me().why_not(PRESCREENS, prescreen.organization_id)
    state = review.state_of(prescreen, now)
    left = review.time_left(prescreen.expires_at, now)
    typed = DecisionForm() if edited == "decide" else None
    own, others = contacts.get(db, prescreen.contact_id), contacts.others(db, prescreen)
    return item_page.respond(
        QUEUE,
        "prescreens/detail.html",
        prescreen.id,
        list_state,
        live,
        list_state=list_state,
        presence=view_item(PRESCREENS, SUBJECT, id, prescreen.organization_id, now) if live else [],
        prescreen=prescreen,
        name=presentation.name_of(prescreen),
        questionnaire=questionnaire,
        state=state,
        badge=presentation.state_badge(prescreen, now),
        left=datetimes.duration(left),
        days_left=round(left / presentation.DAY, 1),
        urgency=presentation.urgency(left),
        answers=answers,
        criteria=any(answer.criterion for answer in answers),
        verdicts=presentation.verdicts(answers),
        mirror=alike.mirror(db, prescreen, questionnaire.questions) if state == "completed" else None,
        earlier=[presentation.earlier_row(other, prescreen.name, now) for other in contacts.earlier(db, prescreen)],
        filed=[matching.filed(prescreen, own, questionnaire.region)] if own else [],
        other_filed=[matching.filed(prescreen, other, questionnaire.region) for other in others],
        timeline=EVENTS.timeline(events.timeline(db, SUBJECT, id)),
        messages=messages_about(db, SUBJECT, id),
        form=typed or DecisionForm(formdata=None, version=prescreen.version, notes=_notes(decision)),
        pending_text=_pending_text(decision, now),
        not_written=_not_written(decision),
        seconds=me().undo_seconds,
        reason=denied or _why_not_decide(prescreen, decision, now),
        denied=denied,
        previews=_previews(db, prescreen, questionnaire) if state == "completed" else {},
        place=place_in_list(list_state.listing, db, near),
        previous_url=list_state.url(".detail", id=near.previous) if near and near.previous else "",
        next_url=list_state.url(".detail", id=near.next) if near and near.next else "",
        list_label=list_state.tab.label or list_state.title,
        seen=listing.Seen(prescreen.version, prescreen.assignee_id).number,
        tagged=tagging.shown(QUEUE, db, prescreen),
        api_examples=api_examples.of(id, state),
        no_api_example=api_examples.NONE,
        several=scope.everything or len(scope.organization_ids) > 1,
        zone=me().time_zone,
        now=now,
    )


def _previews(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> dict[str, confirmation.Preview]:
    """The e-mails that each decision would send, by verb."""
    return {
        verb: confirmation.preview_of(db, emails.of_decision(db, prescreen, questionnaire, decision.value))
        for verb, decision in review.DECISIONS.items()
    }


def _pending_text(decision: Decision | None, now: datetime) -> str:
    """Who has decided this and until when it can be undone; empty without a pending decision."""
    if decision is None or decision.state != State.PENDING:
        return ""
    return undo_presentation.ticking(undo_presentation.mark(decision, now, me().id), decision, now)


def _why_not_decide(prescreen: Prescreen, decision: Decision | None, now: datetime) -> str | None:
    """The reason of the disabled decision buttons, or None."""
    if decision is not None and decision.state == State.PENDING:
        return undo_presentation.ticking(undo_presentation.refusal(decision, now, me().id), decision, now)
    try:
        review.check_review(prescreen, now)
    except Refusal as refusal:
        return refusal.detail
    return None


def _notes(decision: Decision | None) -> str:
    """The notes that this user typed with a decision that was undone or returned to them."""
    ended = (State.UNDONE, State.RETURNED)
    if decision is None or decision.person_id != me().id or decision.state not in ended:
        return ""
    return decision.payload["notes"] or ""


def _not_written(decision: Decision | None) -> dict[str, str]:
    """For the user whose pending decision was overtaken or returned: why, and the notes that they had typed."""
    ended = (State.OVERTAKEN, State.RETURNED)
    if decision is None or decision.person_id != me().id or decision.state not in ended:
        return {}
    notes = decision.payload["notes"] if decision.state == State.OVERTAKEN else ""
    noun = undo_presentation.VERBS[decision.kind].noun
    return {"title": f"Your {noun} was not written.", "why": decision.why or "", "notes": notes or ""}
