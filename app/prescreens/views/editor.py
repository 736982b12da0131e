"""The editor of a questionnaire: its draft, one question a row, and the publication."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.db.transaction import db, reading
from app.kernel.errors import NotFound
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation, Flag
from app.kernel.web.forms import VersionedForm
from app.kernel.web.htmx import respond, see_other
from app.prescreens.actions import questionnaires as actions
from app.prescreens.forms.questions import (
    TESTS,
    AddForm,
    IntroductionForm,
    PublishForm,
    QuestionForm,
    RenameForm,
    clause_rows,
)
from app.prescreens.models import QuestionType
from app.prescreens.presentation.questionnaires import DifferenceRow, differences, question_rows, rule_text
from app.prescreens.queries import drafts
from app.prescreens.queries.drafts import EditedQuestionnaire
from app.prescreens.rules import effects
from app.prescreens.rules import questionnaires as rules
from app.prescreens.rules.question_types import TYPES
from app.prescreens.rules.question_types.money import currency_of
from app.prescreens.rules.questionnaires import Content
from app.prescreens.rules.questions import Question
from app.prescreens.views.filters import READERS, pages
from app.prescreens.views.preview import phone
from app.prescreens.views.questionnaires import edited, editors_reach, public_url, publishing_note


@pages.get("/questionnaires/<uuid:id>/edit")
@allow(*READERS)
def edit_questionnaire(id: UUID) -> Response:
    """The draft: its questions, one of them open, how it looks on a phone, and what it changes."""
    row = edited(id)
    content = drafts.drafted(reading(), row)
    published = drafts.content(reading(), id, row.current_version)
    types = drafts.published_types(reading(), id)
    opened = _opened(content)
    question = content.questions[opened] if opened is not None else None
    given = drafts.latest_answers(reading(), row.organization_id, id, clock.now()) if row.draft and published else []
    found = effects.effects(published, content, given) if published else []
    return respond(
        "prescreens/editor.html",
        row=row,
        content=content,
        rows=question_rows(content, types),
        problems=[each for each in rules.problems(content, types) if each.number is None],
        opened=opened,
        form=QuestionForm.of(question, row.revision) if question else None,
        form_kind=TYPES[question.type] if question else None,
        locked=question is not None and question.key in types,
        clauses=clause_rows(question) if question else [],
        tests=TESTS,
        earlier=content.questions[:opened],
        adding=AddForm(formdata=None, data={"version": row.revision}),
        introduction=IntroductionForm(
            formdata=None, data={"version": row.revision, "introduction": content.introduction}
        ),
        renaming=RenameForm(formdata=None, data={"version": row.revision, "name": row.name}),
        publishing=PublishForm(formdata=None, data={"version": row.revision}),
        differences=differences(published or Content(), content) if row.current_version else [],
        effects=[(each, rule_text(each.former) if each.former else "", rule_text(each.question)) for each in found],
        compared=len(given),
        used=drafts.started(reading(), row.organization_id, id) > 0,
        publishing_note=publishing_note(row),
        link=public_url(row.organization_slug, row.slug),
        zone=me().time_zone,
        **phone(row, content, opened),
    )


def _opened(content: Content) -> int | None:
    """The place of the question that the address opens."""
    number = request.args.get("question", "")
    found = int(number) - 1 if number.isdecimal() and len(number) < 4 else -1
    return found if 0 <= found < len(content.questions) else None


def _page(id: UUID, number: int | None = None) -> Response:
    """The editor, with a question open."""
    return see_other(url_for(".edit_questionnaire", id=id, question=number, _anchor=f"q{number}" if number else None))


def _change(id: UUID, form: VersionedForm, change: Callable[[Content], Content]) -> bool:
    return actions.change_draft(
        db(), id, change, reach=editors_reach(), revision=form.seen_version, by=me().actor(), now=clock.now()
    )


@pages.post("/questionnaires/<uuid:id>/rename")
@allow(*READERS)
def rename_questionnaire(id: UUID) -> Response:
    """Gives it another name, everywhere at once."""
    row, form = edited(id), RenameForm()
    form.check()
    by, reach = me().actor(), editors_reach()
    actions.rename(db(), id, form.name.data, reach=reach, revision=form.seen_version, by=by, now=clock.now())
    flash(f"{row.name} has another name." if row.name != form.name.data else "Nothing differs, so nothing was saved.")
    return _page(id)


@pages.post("/questionnaires/<uuid:id>/introduction")
@allow(*READERS)
def change_introduction(id: UUID) -> Response:
    """Writes the introduction of the draft."""
    edited(id)
    form = IntroductionForm()
    form.check()
    _change(id, form, lambda content: replace(content, introduction=form.introduction.data or ""))
    return _page(id)


@pages.post("/questionnaires/<uuid:id>/questions")
@allow(*READERS)
def add_question(id: UUID) -> Response:
    """Adds a question at the end of the draft, and opens it."""
    row, form = edited(id), AddForm()
    form.check()
    taken = drafts.published_types(reading(), id)
    currency = currency_of(row.country, row.time_zone)
    count = 0

    def add(content: Content) -> Content:
        nonlocal count
        count = len(content.questions) + 1
        keys = {*taken, *(question.key for question in content.questions)}
        new = rules.new_question(str(form.label.data), QuestionType(str(form.type.data)), keys, currency)
        return replace(content, questions=(*content.questions, new))

    _change(id, form, add)
    return _page(id, count)


@pages.post("/questionnaires/<uuid:id>/questions/<int:number>")
@allow(*READERS)
def change_question(id: UUID, number: int) -> Response:
    """Writes one question of the draft."""
    edited(id)
    form = QuestionForm()
    form.check()
    types = drafts.published_types(reading(), id)

    def write(content: Content) -> Content:
        former = _at(content, number)
        question = form.question(former, content.questions[: number - 1])
        if former.key in types:  # an answer keeps the name under which it was given
            question = replace(question, key=former.key)
        return rules.with_question(content, number - 1, question)

    changed = _change(id, form, write)
    flash("Saved in the draft." if changed else "Nothing differs, so nothing was saved.")
    return _page(id, number)


@pages.post("/questionnaires/<uuid:id>/questions/<int:number>/move")
@allow(*READERS)
def move_question(id: UUID, number: int) -> Response:
    """Moves a question one place up or down."""
    edited(id)
    form = VersionedForm()
    form.check()
    to = number + (1 if request.form.get("direction") == "down" else -1)

    def move(content: Content) -> Content:
        question = _at(content, number)
        others = [each for each in content.questions if each is not question]
        place = min(max(to, 1), len(content.questions)) - 1
        return replace(content, questions=(*others[:place], question, *others[place:]))

    _change(id, form, move)
    return _page(id, max(1, to))


@pages.post("/questionnaires/<uuid:id>/questions/<int:number>/remove")
@allow(*READERS)
def remove_question(id: UUID, number: int) -> Response:
    """Takes a question out of the draft. Answers that were given to it stay readable."""
    edited(id)
    form = VersionedForm()
    form.check()

    def remove(content: Content) -> Content:
        gone = _at(content, number)
        return replace(content, questions=tuple(each for each in content.questions if each is not gone))

    _change(id, form, remove)
    flash("The question is out of the draft.")
    return _page(id)


def _at(content: Content, number: int) -> Question:
    if not 1 <= number <= len(content.questions):
        raise NotFound("There is no such question in the draft. Nothing was changed.")
    return content.questions[number - 1]


@pages.post("/questionnaires/<uuid:id>/discard")
@allow(*READERS)
def discard_draft(id: UUID) -> Response:
    """Forgets the draft, once the user has read what that loses."""
    row, reach, by, now = edited(id), editors_reach(), me().actor(), clock.now()
    form = VersionedForm()
    form.check()
    _, preview = confirmation.confirm(
        lambda db, revision: actions.discard_draft(db, id, reach=reach, revision=revision, by=by, now=now),
        "discard",
        str(id),
        row.draft,
    )
    if preview:
        asked = Confirmation(
            title="Review and discard",
            confirm="Discard the draft",
            back=url_for(".edit_questionnaire", id=id),
            back_label="Back to the draft",
            icon="trash-2",
            tone="danger",
            subject=[row.name, f"Version {row.current_version} stays as it is"],
            note=f"{_differ(row)} to version {row.current_version} {'is' if len(_rows(row)) == 1 else 'are'} lost.",
        )
        return confirmation_pages.show(preview, asked)
    flash("The draft is discarded.")
    return see_other(url_for(".questionnaire", id=id))


@pages.post("/questionnaires/<uuid:id>/publish")
@allow(*READERS)
def publish_questionnaire(id: UUID) -> Response:
    """Publishes the draft, once the user has seen what it changes."""
    row, reach, by, now = edited(id), editors_reach(), me().actor(), clock.now()
    form = PublishForm()
    form.check()
    reason = form.reason.data or ("" if row.current_version else "The first version")
    made, preview = confirmation.confirm(
        lambda db, revision: actions.publish(db, id, reason, reach=reach, revision=revision, by=by, now=now),
        "publish",
        str(id),
        row.draft,
        reason,
    )
    if preview:
        number = row.current_version + 1
        asked = Confirmation(
            title="Review and publish",
            confirm=f"Publish version {number}",
            back=url_for(".edit_questionnaire", id=id),
            back_label="Back to the draft",
            subject=[row.name, f"Version {number} at {public_url(row.organization_slug, row.slug)}", f"“{reason}”"],
            flags=_flags(row),
            note=publishing_note(row),
        )
        return confirmation_pages.show(preview, asked)
    flash(f"Version {made} is published.", "good")
    return see_other(url_for(".questionnaire", id=id))


def _flags(row: EditedQuestionnaire) -> list[Flag]:
    """What speaks against publishing, the gravest first, and how much differs."""
    content = drafts.drafted(reading(), row)
    lawyer = [question.label for question in content.questions if rules.touches_protected(question)]
    kinds = [each.kind for each in _rows(row)]
    misfits, meanings = kinds.count(rules.Kind.MISFIT), kinds.count(rules.Kind.MEANING)
    found = []
    if lawyer:
        text = f"Ask your lawyer about the criterion of “{lawyer[0]}”"
        more = f" and {len(lawyer) - 1} more" if len(lawyer) > 1 else ""
        found.append(Flag(f"{text}{more}: it may touch what the law protects. This is no legal advice.", "scale"))
    if misfits:
        found.append(Flag(f"Old answers do not fit {pluralize(misfits, 'change')}.", "triangle-alert"))
    if meanings:
        found.append(Flag(f"{pluralize(meanings, 'change')} of what an answer means or is judged by.", "pencil"))
    if row.current_version and not misfits and not meanings:
        found.append(Flag(f"{_differ(row)} to version {row.current_version}.", "pencil", "info"))
    return found


def _rows(row: EditedQuestionnaire) -> list[DifferenceRow]:
    published = drafts.content(reading(), row.id, row.current_version)
    return differences(published, drafts.drafted(reading(), row)) if published else []


def _differ(row: EditedQuestionnaire) -> str:
    return pluralize(len(_rows(row)), "difference")
