"""What an agent does with a prescreen: one POST a verb. A decision leads to the next prescreen of its list."""

from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.dashboard.queue import ListState
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Belief, Confirmation, Flag
from app.kernel.web.htmx import see_other
from app.prescreens import actions, emails, presentation
from app.prescreens.forms import AskForm, DecisionForm
from app.prescreens.models import Prescreen
from app.prescreens.queries import listing, questionnaires
from app.prescreens.rules import review
from app.prescreens.views.filters import READERS, looked_at, pages, writable
from app.prescreens.views.list import QUEUE


@pages.post("/<uuid:id>/approve")
@allow(*READERS)
def approve(id: UUID) -> Response:
    """Approves, after the undo window, once the user has seen the e-mail."""
    return _decide(id, "approve")


@pages.post("/<uuid:id>/deny")
@allow(*READERS)
def deny(id: UUID) -> Response:
    """Denies, after the undo window, once the user has seen the e-mail."""
    return _decide(id, "deny")


@pages.post("/<uuid:id>/ask")
@allow(*READERS)
def ask(id: UUID) -> Response:
    """Asks the prospect again, once the user has seen the e-mail."""
    confirmation_pages.comes_back_as("ask")
    prescreen, form, now = looked_at(id), AskForm(), clock.now()
    form.check()
    reach, by, list_state = writable(), me().actor(), QUEUE.ask(now)
    keys, labels, text = form.keys.data or [], form.labels, form.text.data or ""

    def act(db: Db, version: int | None) -> None:
        actions.ask(db, id, keys, labels, text, reach=reach, version=version, by=by, now=now)

    _, preview = confirmation.confirm(act, "ask", *keys, *labels)
    if preview:
        name = presentation.name_of(prescreen)
        asked = Confirmation(
            title="Review and ask",
            confirm=f"Ask {name[:40]}",
            back=list_state.url(".detail", id=id),
            back_label="Back to the answers",
            subject=[name, pluralize(len(keys) + len(labels), "question")],
            note="The 30 days go on meanwhile, and you can still decide: that closes the link.",
            edit="ask",
        )
        return confirmation_pages.show(preview, asked)
    flash(f"Asked. An e-mail is on its way to {prescreen.email}.", "good")
    return see_other(list_state.url(".detail", id=id))


def _decide(id: UUID, verb: str) -> Response:
    confirmation_pages.comes_back_as("decide")
    prescreen, form, now = looked_at(id), DecisionForm(), clock.now()
    form.check()
    notes = (form.notes.data or "").replace("\r\n", "\n") or None
    grounds = form.grounds
    reach, by, name, list_state = writable(), me().actor(), presentation.name_of(prescreen), QUEUE.ask(now)

    def decide(db: Db, _version: int | None) -> None:
        actions.decide(
            db,
            id,
            verb,
            notes,
            grounds,
            person_id=me().id,
            seconds=me().undo_seconds,
            version=form.seen_version,
            preview=request.form.get(confirmation.SEEN, ""),
            name=name,
            url=url_for(".detail", id=id),
            reach=reach,
            by=by,
            now=now,
        )

    def review_now(db: Db, _version: int | None) -> None:
        actions.check_explanation(db, prescreen, verb, grounds)
        write = {"approve": actions.approve, "deny": actions.deny}[verb]
        write(db, id, notes, reach=reach, by=by, now=now, version=form.seen_version)

    _, preview = confirmation.confirm(decide, leads_to=review_now)
    if preview:
        return confirmation_pages.show(preview, _asked(prescreen, verb, list_state))
    if not me().undo_seconds:
        questionnaire = questionnaires.version(db(), prescreen.workflow_template_id, prescreen.template_version)
        decided = review.DECISIONS[verb].value
        flash(f"{name} is {decided}. {presentation.notified(prescreen, questionnaire)}", "good")
    return see_other(_next(list_state, id))


def _asked(prescreen: Prescreen, verb: str, list_state: ListState) -> Confirmation:
    """What the user confirms besides the e-mail: whom they decide about, and what speaks against it."""
    name, seconds = presentation.name_of(prescreen), me().undo_seconds
    questionnaire = questionnaires.version(reading(), prescreen.workflow_template_id, prescreen.template_version)
    answers = presentation.answer_rows(questionnaire.questions, prescreen.submission)
    not_met = [answer.question for answer in answers if answer.met is False]
    messages = emails.of_decision(reading(), prescreen, questionnaire, review.DECISIONS[verb].value)
    uninformed = Belief(name, "prospect", "“waiting for a decision”", "they open their status page")
    note = (
        f"It can be undone for {pluralize(seconds, 'second')}, then it is final." if seconds else "It is final at once."
    )
    return Confirmation(
        title=f"Review and {verb}",
        confirm=f"{verb.capitalize()} {name[:40]}",
        back=list_state.url(".detail", id=prescreen.id),
        back_label="Back to the answers",
        subject=[name, questionnaire.name],
        icon="check" if verb == "approve" else "x",
        flags=[Flag(f"Not met: {', '.join(not_met)}.", "scale")] if not_met else [],
        believed="1 will still believe that it waits for a decision",
        beliefs=[] if messages else [uninformed],
        note=note,
        edit="decide",
    )


def _next(list_state: ListState, id: UUID) -> str:
    """The next prescreen of the list that this one was opened from; at its end the list."""
    near = listing.near(reading(), list_state.listing, list_state.chosen, list_state.now, id)
    return list_state.url(".detail", id=near.next) if near and near.next else list_state.url()
