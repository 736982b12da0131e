"""Language, closing words and translations of a questionnaire's draft, with the original beside each translation."""

from dataclasses import replace
from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.kernel import clock
from app.kernel.db.transaction import db, reading
from app.kernel.errors import FieldError, Invalid, NotFound
from app.kernel.text import normalization
from app.kernel.text.i18n import direction, language_of
from app.kernel.web.forms import NOT_CHECKED, VersionedForm, call_fields
from app.kernel.web.htmx import respond, see_other
from app.prescreens import presentation
from app.prescreens.actions import questionnaires as actions
from app.prescreens.forms.questions import TextsForm
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.queries import drafts
from app.prescreens.queries.drafts import EditedQuestionnaire
from app.prescreens.rules import texts
from app.prescreens.rules.questionnaires import LENGTHS, OPTION_LENGTH, Content
from app.prescreens.rules.texts import OUTCOMES, Closing, Translation
from app.prescreens.views.filters import READERS, pages
from app.prescreens.views.questionnaires import edited, editors_reach


@pages.get("/questionnaires/<uuid:id>/texts")
@allow(*READERS)
def questionnaire_texts(id: UUID) -> Response:
    """Language and closing words of the draft, and into which languages it is translated."""
    row = edited(id)
    content = drafts.drafted(reading(), row)
    total = len(_originals(row, content))
    return respond(
        "prescreens/texts.html",
        row=row,
        form=TextsForm.of(content, row.revision),
        own=presentation.language_name(_own(row, content)),
        organization_language=presentation.language_name(row.locale),
        translations=[
            (language, name, len(content.translations.get(language, {})), total)
            for language, name in TRANSLATIONS.languages.items()
            if language != _own(row, content)
        ],
    )


@pages.post("/questionnaires/<uuid:id>/texts")
@allow(*READERS)
def change_texts(id: UUID) -> Response:
    """Writes language and closing words of the draft."""
    edited(id)
    form = TextsForm()
    form.check()
    closing = Closing(*(form[f"closing_{outcome}"].data or "" for outcome in OUTCOMES))
    _change(id, form, lambda content: replace(content, closing=closing, language=form.language.data or ""))
    return see_other(url_for(".questionnaire_texts", id=id))


@pages.get("/questionnaires/<uuid:id>/texts/<language>")
@allow(*READERS)
def translation(id: UUID, language: str) -> Response:
    """Every text of the draft beside its translation."""
    row, content, originals = _of_translation(id, language)
    words = content.translations.get(language, {})
    known = {question.key: question for question in content.questions}
    return respond(
        "prescreens/translation.html",
        row=row,
        form=VersionedForm(formdata=None, data={"version": row.revision}),
        language=language,
        direction=direction(language),
        name=presentation.language_name(language),
        own=_own(row, content),
        own_name=presentation.language_name(_own(row, content)),
        rows=[
            (n, presentation.text_place(address, known), text, words.get(address, ""))
            for n, (address, text) in enumerate(originals.items())
        ],
        done=sum(address in words for address in originals),
    )


@pages.post("/questionnaires/<uuid:id>/texts/<language>")
@allow(*READERS)
def translate(id: UUID, language: str) -> Response:
    """Writes a translation of the draft. One without any text is none."""
    _, content, originals = _of_translation(id, language)
    known = {question.key: question for question in content.questions}
    call_fields({f"text_{n}": presentation.text_place(each, known) for n, each in enumerate(originals)})
    form = VersionedForm()
    form.check()
    words = _typed(list(originals))

    def write(content: Content) -> Content:
        others = {name: each for name, each in content.translations.items() if name != language}
        return replace(content, translations=others | ({language: words} if words else {}))

    _change(id, form, write)
    return see_other(url_for(".translation", id=id, language=language))


def _typed(addresses: list[str]) -> Translation:
    """The texts that were typed, by address; the form is of the revision that the addresses are of."""
    words = {}
    errors = []
    for n, address in enumerate(addresses):
        text = normalization.text(request.form.get(f"text_{n}", ""))
        limit = texts.limit(address, LENGTHS, OPTION_LENGTH)
        if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
            errors.append(FieldError(f"text_{n}", "invalid", "This has a character in it that cannot be stored."))
        elif len(text) > limit:
            errors.append(FieldError(f"text_{n}", "invalid", f"Use at most {limit:,} characters."))
        elif text:
            words[address] = text
    if errors:
        raise Invalid(NOT_CHECKED, errors=errors)
    return words


def _of_translation(id: UUID, language: str) -> tuple[EditedQuestionnaire, Content, dict[str, str]]:
    """The questionnaire, its draft and the texts to translate. Raises NotFound for its own and unwritten languages."""
    row = edited(id)
    content = drafts.drafted(reading(), row)
    if language not in TRANSLATIONS.languages or language == _own(row, content):
        raise NotFound("There is no such translation.")
    return row, content, _originals(row, content)


def _originals(row: EditedQuestionnaire, content: Content) -> dict[str, str]:
    return texts.originals(row.name, content.introduction, content.closing, content.questions)


def _own(row: EditedQuestionnaire, content: Content) -> str:
    """The language in which the draft is written."""
    return content.language or language_of(row.locale)


def _change(id: UUID, form: VersionedForm, change: actions.Changing) -> None:
    by, reach = me().actor(), editors_reach()
    changed = actions.change_draft(db(), id, change, reach=reach, revision=form.seen_version, by=by, now=clock.now())
    flash("Saved in the draft." if changed else "Nothing differs, so nothing was saved.")
