"""Language, closing words and translations of a questionnaire: edited, published, read, in e-mails and in files."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Invalid
from app.prescreens import actions, emails
from app.prescreens.models import Prescreen, QuestionnaireVersion
from app.prescreens.queries import questionnaires
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import questionnaire_files
from app.prescreens.rules.questionnaires import Content
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import text
from tests.prescreens.factories import AGENT, QUESTIONS, prescreen
from tests.prescreens.test_questionnaires import Editor
from tests.prescreens.visitors import START, Visitor, answer_all

SPANISH = {
    "name": "Piso de dos dormitorios",
    "introduction": "Hola",
    "fullName.label": "¿Cómo se llama?",
    "pets.options.1 cat": "Un gato",
    "email.hint": "Le escribimos.",
    "closing.sent": "Hasta pronto.",
    "closing.approved": "Venga a vernos.",
}
TEXTS: dict[str, Any] = {
    "closing": {"sent": "We call you on Monday.", "approved": "Bring\n\nyour keys.", "denied": "Good luck."},
    "translations": {"es": SPANISH},
}


@pytest.fixture
def editor(client: FlaskClient, database: Database, cast: Cast) -> Editor:
    return Editor(client, database, cast)


def with_texts(database: Database, texts: dict[str, Any] | None = None) -> None:
    """Gives every version an introduction, language, closing words and translations."""
    with database.write() as db:
        db.execute(update(QuestionnaireVersion).values(introduction="Hello", texts=TEXTS if texts is None else texts))


# Editing ------------------------------------------------------------------------------------------------------------


def test_closing_words_and_language_are_part_of_the_draft_and_of_the_version(editor: Editor) -> None:
    words = {"closing_sent": "See you.", "closing_approved": "Yes!", "closing_denied": "", "language": "fr"}
    assert editor.post("texts", **words).status_code == 303
    assert (editor.row.draft or {})["closing"] == {"sent": "See you.", "approved": "Yes!"}
    assert editor.events()[-1].data["after"]["(language)"] == "fr"
    page = editor.client.get(f"{editor.url}/edit").text
    assert "Closing words: approved" in page, "the differences name it"
    assert editor.confirmed("publish", reason="In French").status_code == 303
    with editor.database.read() as db:
        stored = db.get_one(QuestionnaireVersion, (editor.id, 2)).texts
    assert stored == {"language": "fr", "closing": {"sent": "See you.", "approved": "Yes!"}}
    assert '<html lang="fr"' in editor.client.application.test_client().get("/p/marston/two-bedroom").text
    editor.post("texts", **{**words, "closing_sent": "x" * 2001})
    assert editor.row.draft is None, "refused"


def test_a_translation_stands_beside_its_original(editor: Editor) -> None:
    page = editor.client.get(f"{editor.url}/texts/es").text
    originals = re.findall(r'<small>([^<]+)</small> <bdi lang="en" class="prewrap">([^<]+)</bdi>', page)
    assert originals[:2] == [("Name", "Two-bedroom prescreen"), ("1 · question", "What is your full name?")]
    place = next(n for n, (_, words) in enumerate(originals) if words == "One cat")
    assert editor.post("texts/es", text_1=" ¿Cómo se llama? ", **{f"text_{place}": "Un gato"}).status_code == 303
    assert (editor.row.draft or {})["translations"] == {
        "es": {"fullName.label": "¿Cómo se llama?", "pets.options.1 cat": "Un gato"}
    }
    assert "2 of 12 texts are translated" in text(editor.client.get(f"{editor.url}/texts/es"))
    editor.post("texts/es")
    assert editor.row.draft is None, "a translation without a text is none"
    for own_or_unwritten in ("en", "xx"):
        assert editor.post(f"texts/{own_or_unwritten}", text_1="x").status_code == 404
    late = editor.post("texts/es", text_1="x", version="1")
    assert late.status_code == 409
    long = editor.post("texts/es", text_1="x" * 301)
    assert (long.status_code, editor.row.draft) == (422, None)


def test_what_is_not_said_any_more_is_said_in_no_language(editor: Editor) -> None:
    """Texts that are emptied, and questions that go, take their translations along, which no page shows by then."""
    with_texts(editor.database)
    assert editor.post(
        "texts", closing_sent="See you.", closing_approved="", closing_denied="", language=""
    ).status_code
    assert editor.post("introduction", introduction="").status_code == 303
    assert editor.post("questions/6", **{**editor.fields(6), "hint": ""}).status_code == 303
    assert editor.post("questions/5/remove").status_code == 303
    draft = editor.row.draft or {}
    assert draft["translations"]["es"] == {name: SPANISH[name] for name in ("name", "fullName.label", "closing.sent")}
    assert "3 of 9 texts" in text(editor.client.get(f"{editor.url}/texts/es"))
    content = Content.read(draft)
    assert questionnaire_files.read(questionnaire_files.written("Two", content)).content == content


def test_a_version_that_says_it_still_says_it_in_no_language(database: Database, cast: Cast) -> None:
    """As versions do that were published with such translations."""
    prescreen(database, cast.marston.id, "draft")
    with_texts(database, {"translations": {"es": {**SPANISH, "phone.hint": "Con prefijo."}}})
    with database.write() as db:
        db.execute(update(QuestionnaireVersion).values(introduction=""))
        id = db.scalars(select(QuestionnaireVersion.workflow_template_id)).one()
        spanish = questionnaires.version(db, id, 1).in_language("es")
    assert (spanish.introduction, spanish.closing.approved) == ("", "")
    assert {question.key: question.hint for question in spanish.questions if question.hint} == {
        "email": "Le escribimos."
    }


def test_another_key_keeps_its_translations(editor: Editor) -> None:
    assert editor.post("questions", label="How many cars?", type="number").status_code == 303
    number, total = len(QUESTIONS) + 1, 13
    page = editor.client.get(f"{editor.url}/texts/es").text
    assert f"0 of {total} texts" in text(editor.client.get(f"{editor.url}/texts/es"))
    places = re.findall(r'<small>([^<]+)</small> <bdi lang="en" class="prewrap">([^<]+)</bdi>', page)
    place = next(n for n, (_, words) in enumerate(places) if words == "How many cars?")
    assert editor.post("texts/es", **{f"text_{place}": "¿Cuántos coches?"}).status_code == 303
    assert editor.post(f"questions/{number}", **{**editor.fields(number), "key": "coches"}).status_code == 303
    assert (editor.row.draft or {})["translations"] == {"es": {"coches.label": "¿Cuántos coches?"}}
    assert editor.post(f"questions/{number}/remove").status_code == 303
    assert editor.row.draft is None, "nothing of it is left"


def test_who_may_not(editor: Editor) -> None:
    for who, status in (("lena", 403), ("aude", 403), ("abel", 404)):
        other = editor.cast.sign_in(editor.client, who)
        for path in ("texts", "texts/es"):
            assert other.get(f"{editor.url}/{path}").status_code == status
            assert editor.post(path, text_1="x", closing_sent="x").status_code == status
    assert editor.row.draft is None


def test_a_file_says_the_same() -> None:
    data = {"form": questionnaire_files.FORM, "name": "Two", "questions": QUESTIONS[:1], "language": "en", **TEXTS}
    data["translations"] = {"es": {"name": "Dos", "fullName.label": "¿Cómo?"}}
    read = questionnaire_files.read(data)
    written = json.loads(json.dumps(questionnaire_files.written(read.name, read.content)))
    assert (written["closing"], written["translations"]) == (data["closing"], data["translations"])
    assert questionnaire_files.read(written) == read
    for wrong in ({"es": {"fullName.labels": "x"}}, {"xx": {}}, {"es": {"pets.label": "x"}}, {"es": {"name": 1}}):
        with pytest.raises(Invalid):
            questionnaire_files.read({**data, "translations": wrong})


# Prospects ----------------------------------------------------------------------------------------------------------


def test_a_prospect_chooses_a_language_and_changes_it(visitor: Visitor, database: Database) -> None:
    with_texts(database)
    page = visitor.get(START).page
    assert 'href="?lang=es" lang="es" hreflang="es">Español' in page
    visitor.get(f"{START}?lang=es")
    assert "<h1>Piso de dos dormitorios</h1>" in visitor.page
    visitor.press("/start", lang="es")
    assert '<html lang="es"' in visitor.page
    assert "¿Cómo se llama?" in visitor.page
    visitor.press("/answer", step="fullName", answer="Ana")
    assert "When would you like to move in?" in visitor.page, "what is not translated is read as it was written"
    visitor.press("/language", lang="en")
    assert visitor.step == "moveInDate"
    assert '<html lang="en"' in visitor.page
    visitor.press("/language", lang="fr")
    assert '<html lang="en"' in visitor.page, "not a language of this questionnaire"
    with database.read() as db:
        assert db.scalars(select(Prescreen.locale)).one() == "en", "e-mails neither"


def test_every_kind_of_text_is_translated(visitor: Visitor, database: Database, cast: Cast) -> None:
    with_texts(database)
    assert "Hola" in visitor.get(f"{START}?lang=es").page
    with database.write() as db:
        version = questionnaires.version(db, db.scalars(select(QuestionnaireVersion.workflow_template_id)).one(), 1)
    spanish = {question.key: question for question in version.in_language("es-MX").questions}
    assert spanish["pets"].options[0].label == "Un gato"
    assert spanish["pets"].options[0].value == "1 cat"
    assert spanish["email"].hint == "Le escribimos."
    assert version.in_language("fr") == version


def test_the_language_stays_once_the_answers_are_sent(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    with database.write() as db:
        actions.speak(db, id, "es")
        assert db.scalars(select(Prescreen.locale)).one() == "en"


def test_the_language_of_the_browser_comes_first(visitor: Visitor, database: Database) -> None:
    with_texts(database)
    for accepted, title in (("es-MX,en;q=0.5", "Piso"), ("fr", "Two-bedroom"), ("en,es;q=0.9", "Two-bedroom")):
        page = visitor.client.get(START, headers={"Accept-Language": accepted}).text
        assert f"<h1>{title}" in page, accepted


def test_numbers_are_read_in_the_language_that_was_chosen(visitor: Visitor, database: Database) -> None:
    with_texts(database)
    visitor.get(f"{START}?lang=es").press("/start", lang="es").press("/answer", step="fullName", answer="Ana")
    visitor.press("/answer", step="moveInDate", answer="2027-04-01").press("/answer", step="budget", answer="2.500,50")
    assert "<bdi>2.500,5</bdi>" in visitor.page
    with database.read() as db:
        row = db.scalars(select(Prescreen)).one()
    assert (row.submission["budget"], row.locale) == (2500.5, "es")


def test_the_words_for_sent_close_the_page_and_its_e_mail(visitor: Visitor, database: Database, outbox: Outbox) -> None:
    with_texts(database)
    answer_all(visitor.get(START).press("/start")).press("/complete")
    assert "We call you on Monday." in visitor.page
    (email,) = outbox.emails("jane@example.com")
    assert "We call you on Monday." in email["text"]
    assert "We call you on Monday." in email["html"]
    assert "keys" not in visitor.get(visitor.status_path).page


def decided(database: Database, cast: Cast, outbox: Outbox, locale: str = "en") -> tuple[str, str]:
    """The texts of the e-mail of a decision."""
    id = prescreen(database, cast.marston.id)
    with database.write() as db:
        db.execute(update(Prescreen).values(locale=locale))
    before = len(outbox.emails("jane@example.com"))
    with database.write() as db:
        actions.approve(db, id, None, reach=Reach((cast.marston.id,)), by=AGENT, now=now())
    email = outbox.emails("jane@example.com")[before]
    return email["text"], email["html"]


def test_the_e_mail_of_a_decision_has_its_words_and_the_status_link(
    visitor: Visitor, database: Database, cast: Cast, outbox: Outbox
) -> None:
    with_texts(database)
    plain, page = decided(database, cast, outbox)
    for part in ("\n\nBring\n\nyour keys.\n\nSee how it stands: http", "/p/marston/two-bedroom/status/"):
        assert part in plain
    assert "<p>Bring</p>" in page
    assert "Good luck" not in plain
    found = re.search(r"/p/\S+/status/\S+", plain)
    assert found
    assert "<h1>Approved</h1>" in visitor.get(found[0]).page
    plain, _ = decided(database, cast, outbox, "es")
    assert "“Piso de dos dormitorios”" in plain or "«Piso de dos dormitorios»" in plain
    assert "Venga a vernos." in plain


def test_versions_from_before_have_the_status_link_too(
    visitor: Visitor, database: Database, cast: Cast, outbox: Outbox
) -> None:
    plain, page = decided(database, cast, outbox)
    assert plain.startswith(
        "Hello Jane Smith,\n\nMarston & Vale has read your answers for “Two-bedroom prescreen” and approved your "
        "application. They will be in touch about what comes next.\n\nSee how it stands: http"
    )
    assert "/status/" in page


def test_two_renderings_have_one_fingerprint(visitor: Visitor, database: Database, cast: Cast) -> None:
    """The link is signed anew each time; what the agent saw is what is sent."""
    from app.kernel.changes.fingerprint import fingerprint
    from app.prescreens.queries import detail

    with_texts(database)
    id = prescreen(database, cast.marston.id)
    with database.read() as db:
        row = detail.get(db, id)
        assert row is not None
        version = questionnaires.version(db, row.workflow_template_id, row.template_version)
        prints = {fingerprint(emails.of_decision(db, row, version, "approved")) for _ in range(2)}
        message = emails.of_decision(db, row, version, "approved")[0]
    assert len(prints) == 1
    assert not message.secret, "it is in case files as it was sent"
    assert [replacement for _, replacement in message.fresh] == ["status link"]
