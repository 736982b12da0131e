"""The page of one prescreen: answers beside criteria, earlier prescreens, activity, and the decision."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import CASE_FILES, PERSONAL_DATA, PRESCREENS
from app.dashboard import item_page, tagging
from app.dashboard.documents import presentation as documents
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
from app.kernel.json_types import JsonObject
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.text import datetimes
from app.kernel.web import confirmation_pages, htmx
from app.kernel.web.live import Live
from app.prescreens import api_examples, emails, presentation
from app.prescreens.events import EVENTS, SUBJECT
from app.prescreens.forms import ELSE, AskForm, DecisionForm, LookForm, NoteForm
from app.prescreens.forms.personal import CaseFileForm, PersonalForm, language_of
from app.prescreens.models import Prescreen, QuestionType
from app.prescreens.presentation import reasons as reasons_shown
from app.prescreens.presentation.files import former_files
from app.prescreens.queries import (
    alike,
    contact_history,
    contacts,
    first_looks,
    inquiries,
    listing,
    notes,
    questionnaires,
    reasons,
)
from app.prescreens.queries import files as kept_files
from app.prescreens.queries.contacts import EarlierPrescreen
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import first_look, matching, review
from app.prescreens.rules.inquiries import why_not_ask
from app.prescreens.rules.questions import applicable, read_questions
from app.prescreens.rules.reasons import Grounds, Mirror, why_asked
from app.prescreens.rules.reminders import why_not_remind, why_not_renew
from app.prescreens.views.case_file import KIND as CASE_FILE
from app.prescreens.views.contact import name_of as contact_name
from app.prescreens.views.filters import READERS, actable, looker, pages, visible
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


@pages.get("/<uuid:id>/messages")
@allow(*READERS)
def messages(id: UUID) -> Response:
    """What each decision would send, as it leaves: apart from the page of the decision, which says it in words."""
    prescreen, db = visible(id), reading()
    undecided = review.state_of(prescreen, clock.now()) == "completed" and not first_looks.is_veiled(prescreen)
    questionnaire = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
    return htmx.respond(
        "prescreens/messages.html",
        prescreen=prescreen,
        name=presentation.name_of(prescreen),
        previews=_previews(db, prescreen, questionnaire) if undecided else {},
    )


def _page(prescreen: Prescreen, live: Live | None = None, edited: str = "") -> Response:
    """The page, live or with the form named `edited` as it was posted."""
    now, db, id, scope = clock.now(), reading(), prescreen.id, me().scope(PRESCREENS)
    list_state = QUEUE.ask(now)
    veiled = first_looks.is_veiled(prescreen)
    questionnaire = questionnaires.version(db, prescreen.workflow_template_id, prescreen.template_version)
    hidden = len(questionnaire.questions)
    if veiled:
        questionnaire = replace(questionnaire, questions=first_look.shown(questionnaire.questions))
    hidden -= len(questionnaire.questions)
    asked_again = [] if veiled else inquiries.of(db, id)
    further = [question for inquiry in asked_again for question in read_questions(inquiry.added)]
    has_files = any(question.type is QuestionType.FILE for question in questionnaire.questions)
    kept = kept_files.of(db, id) if has_files else {}
    answers = presentation.answer_rows([*questionnaire.questions, *further], prescreen.submission, files=kept)
    near = listing.near(db, list_state.listing, list_state.chosen, now, id)
    decision = undo_queries.latest(db, SUBJECT, id)
    denied = me().why_not(PRESCREENS, prescreen.organization_id)
    state = review.state_of(prescreen, now)
    left = review.time_left(prescreen.expires_at, now)
    before = _typed_before(decision)
    grounds = Grounds.read(before.get("grounds")) or Grounds()
    form = DecisionForm(version=prescreen.version) if edited == "decide" else _form(prescreen, before, grounds, now)
    grounds = form.grounds if edited == "decide" else grounds
    mirror = alike.mirror(db, prescreen) if state == "completed" and not veiled else None
    snapshot = reasons.snapshot(db, id) if state in review.DECISIONS.values() else None
    own, others = contacts.get(db, prescreen.contact_id), contacts.others(db, prescreen)
    shown = contact_history.readable(db, [other.id for other in others], looker(), now)
    others = [other for other in others if other.id in shown]
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
        files_url=lambda part, file_id: url_for(f".file_{part}", id=id, file_id=file_id),
        former_files=former_files(asked_again, prescreen.submission, kept),
        criteria=any(answer.criterion for answer in answers),
        verdicts=presentation.verdicts(answers),
        veiled=veiled,
        hidden=hidden,
        first=first_looks.choice(db, id, me().id) if prescreen.blind and not veiled else None,
        looking=LookForm(formdata=None, version=prescreen.version),
        mirror=mirror,
        compared=alike.compared(db) if state == "completed" and not veiled else None,
        **(
            _asked(db, prescreen, questionnaire, form if edited == "decide" else grounds, mirror)
            if state == "completed" and not veiled
            else {}
        ),
        snapshot=snapshot,
        given=reasons_shown.given(snapshot, questionnaire.questions) if snapshot else [],
        earlier=[
            presentation.earlier_row(other, prescreen.name, own, questionnaire.region, now)
            for other in _known(contacts.earlier(db, prescreen))
        ],
        filed=[matching.filed(prescreen, own, questionnaire.region)] if own and not prescreen.erased_at else [],
        contact_name=contact_name(own) if own else "",
        other_filed=[(other.id, matching.filed(prescreen, other, questionnaire.region)) for other in others],
        inquiries=[presentation.inquiry_row(inquiry, questionnaire.questions) for inquiry in asked_again],
        asking=AskForm(version=prescreen.version)
        if edited == "ask"
        else AskForm(formdata=None, version=prescreen.version, keys=_asked_about()),
        askable=applicable(questionnaire.questions, prescreen.submission),
        why_not_ask=denied or (first_look.FIRST if veiled else why_not_ask(prescreen, now)),
        contact_question=_contact_question(questionnaire, prescreen),
        contradictions=[] if veiled else _contradictions(prescreen, questionnaire),
        also_waiting=[
            each
            for each in _known(contacts.also_waiting(db, prescreen, [own, *others] if own else []))
            if state == "completed" and not matching.same_name(each.name, prescreen.name)
        ],
        timeline=EVENTS.timeline(events.timeline(db, SUBJECT, id)),
        messages=[] if veiled else messages_about(db, SUBJECT, id),
        case_file=documents.latest(db, CASE_FILE, id) if _may_have_case_file(prescreen) and not veiled else None,
        may_make_case_file=not veiled
        and not prescreen.erased_at
        and me().may(CASE_FILES, True, prescreen.organization_id),
        case_form=CaseFileForm(formdata=None, language=language_of(questionnaire.locale)),
        erasing=PersonalForm(formdata=None),
        may_erase=not (veiled or prescreen.contact_id or prescreen.erased_at)
        and me().may(PERSONAL_DATA, True, prescreen.organization_id),
        form=form,
        pending_text=_pending_text(decision, now),
        not_written=_not_written(decision),
        seconds=me().undo_seconds,
        reason=denied or _why_not_decide(prescreen, decision, now),
        denied=denied,
        previews=_previews(db, prescreen, questionnaire) if state == "completed" and not veiled else {},
        place=place_in_list(list_state.listing, db, near),
        previous_url=list_state.url(".detail", id=near.previous) if near and near.previous else "",
        next_url=list_state.url(".detail", id=near.next) if near and near.next else "",
        list_label=list_state.tab.label or list_state.title,
        seen=listing.Seen(prescreen.version, prescreen.assignee_id).number,
        why_not_remind=denied or why_not_remind(prescreen, now),
        why_not_renew=denied or why_not_renew(prescreen, questionnaire.is_open, now),
        notes=[] if veiled else notes.of(db, id),
        noting=NoteForm() if edited == "note" else NoteForm(formdata=None),
        tagged=tagging.shown(QUEUE, db, prescreen),
        api_examples=api_examples.of(id, state, prescreen.workflow_template_id, prescreen.contact_id),
        no_api_example=api_examples.NONE,
        several=scope.everything or len(scope.organization_ids) > 1,
        zone=me().time_zone,
        now=now,
    )


def _known(found: list[EarlierPrescreen]) -> list[EarlierPrescreen]:
    """Those that the user has looked at: the others must not be told apart by whose they are."""
    unseen = first_looks.unseen_of(reading(), [each.id for each in found], looker(), clock.now())
    return [each for each in found if each.id not in unseen]


def _may_have_case_file(prescreen: Prescreen) -> bool:
    return me().may(CASE_FILES, False, prescreen.organization_id)


def _form(prescreen: Prescreen, payload: JsonObject, grounds: Grounds, now: datetime) -> DecisionForm:
    """The form as it is first shown, with what this user typed before."""
    return DecisionForm(
        formdata=None,
        version=prescreen.version,
        notes=payload.get("notes") or "",
        why=grounds.why,
        reason=[reason.text for reason in grounds.reasons],
        shown=now.isoformat(),
    )


def _asked(
    db: Db,
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    given: Grounds | DecisionForm,
    mirror: Mirror | None,
) -> dict[str, object]:
    """What a decision is asked to say, and what there is to choose from."""
    known = reasons_shown.criteria(questionnaire.questions, prescreen.submission)
    missed = [criterion.name for criterion in known if criterion.missed]
    offered = reasons.offered(db, prescreen.organization_id).reasons
    return {
        "reasons": reasons_shown.rows(offered, known, given)
        if isinstance(given, Grounds)
        else reasons_shown.typed_rows(offered, given),
        "known_criteria": known,
        "something_else": ELSE,
        "whys": list(filter(None, (why_asked(verb, missed, mirror) for verb in review.DECISIONS))),
    }


def _asked_about() -> list[str]:
    """The question that a flag leads to."""
    return [request.args["ask"]] if "ask" in request.args else []


def _contact_question(questionnaire: QuestionnaireDetail, prescreen: Prescreen) -> str:
    """The question to ask about a number or address that somebody else has too; empty where neither was asked."""
    asked = {question.type: question.key for question in applicable(questionnaire.questions, prescreen.submission)}
    return asked.get(QuestionType.PHONE) or asked.get(QuestionType.EMAIL) or ""


def _contradictions(prescreen: Prescreen, questionnaire: QuestionnaireDetail) -> list[presentation.ContradictionRow]:
    if prescreen.completed_at is None:
        return []
    sent_on = datetimes.local(prescreen.completed_at, questionnaire.time_zone).date()
    return presentation.contradiction_rows(questionnaire.questions, prescreen.submission, sent_on)


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


def _typed_before(decision: Decision | None) -> JsonObject:
    """What this user typed with a decision that was undone or returned to them; empty without one."""
    ended = (State.UNDONE, State.RETURNED)
    if decision is None or decision.person_id != me().id or decision.state not in ended:
        return {}
    return decision.payload


def _not_written(decision: Decision | None) -> dict[str, str]:
    """For the user whose pending decision was overtaken or returned: why, and the notes that they had typed."""
    ended = (State.OVERTAKEN, State.RETURNED)
    if decision is None or decision.person_id != me().id or decision.state not in ended:
        return {}
    notes = decision.payload.get("notes") if decision.state == State.OVERTAKEN else ""
    noun = undo_presentation.VERBS[decision.kind].noun
    return {"title": f"Your {noun} was not written.", "why": decision.why or "", "notes": notes or ""}
