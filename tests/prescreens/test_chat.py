"""The public chat and the status page, as a browser without scripts sees them."""

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.accounts.models import Organization
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens import links
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.prescreens.factories import JANE, QUESTIONS, prescreen, stored, template
from tests.prescreens.visitors import START, Visitor, answer_all, token_in


def test_from_start_to_pending(visitor: Visitor, database: Database, outbox: Outbox) -> None:
    visitor.get(START).press("/start")
    assert "Question 1 of" in visitor.page
    with database.read() as db:
        assert db.scalars(select(Prescreen.status)).all() == ["draft"]
    answer_all(visitor)
    assert "Nothing has been sent yet." in visitor.page
    assert "1 April 2026" in visitor.page
    visitor.press("/complete")
    assert "<h1>Your answers are sent</h1>" in visitor.page
    assert "1 April 2026" in visitor.page, "the prospect's own answers"
    visitor.get(visitor.status_path)
    assert "<h1>Not decided yet</h1>" in visitor.page
    with database.read() as db:
        row = db.scalars(select(Prescreen)).one()
    assert (row.status, row.email, row.submission["budget"]) == ("completed", "jane@example.com", 2500)
    assert len(outbox.emails("jane@example.com")) == 1


def test_looking_writes_nothing(visitor: Visitor, database: Database) -> None:
    visitor.get(START).get(START)
    assert visitor.client.head(START).status_code == 200
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Prescreen)) == 0
    assert visitor.client.get(f"{START}/start").headers["Location"] == START


def test_an_answer_that_does_not_fit_is_asked_again_with_its_text(visitor: Visitor) -> None:
    visitor.get(START).press("/start").press("/answer", step="fullName", answer="Jane <Smith>")
    assert "Jane &lt;Smith&gt;" in visitor.page
    visitor.press("/answer", step="moveInDate", answer="2027-04-01")
    visitor.press("/answer", step="budget", answer="about <2> thousand")
    assert "Please type a number in digits" in visitor.page
    assert 'value="about &lt;2&gt; thousand"' in visitor.page
    assert 'aria-invalid="true"' in visitor.page


@pytest.mark.parametrize(
    ("locale", "typed", "shown", "again"),
    [
        ("fr", "1.250", "1\u202f250", "1250"),
        ("fr", "1250,50 €", "1\u202f250,5", "1250,5"),
        ("es", "$2,500", "2.500", "2500"),
        ("ar", "١٬٢٥٠٫٥٠ ريال", "1,250.5", "1250.5"),
        ("en", "1’250.1255", "1,250.1255", "1250.1255"),
    ],
)
def test_a_number_is_shown_as_it_was_read_and_can_be_sent_again(
    visitor: Visitor, database: Database, cast: Cast, locale: str, typed: str, shown: str, again: str
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(locale=locale))
    visitor.get(START).press("/start").press("/answer", step="fullName", answer="Jane")
    visitor.press("/answer", step="moveInDate", answer="2027-04-01").press("/answer", step="budget", answer=typed)
    assert f"<bdi>{shown}</bdi>" in visitor.page
    change = next(u for u in re.findall(r'href="([^"]+)"', visitor.page) if "step=budget" in u)
    visitor.get(html.unescape(change))
    assert f'value="{again}"' in visitor.page
    visitor.press("/answer", step="budget", answer=again)
    assert f"<bdi>{shown}</bdi>" in visitor.page


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "Please type a number of at least 1."),
        ("fr", "Veuillez écrire un nombre d’au moins 1."),
        ("es", "Por favor, escriba un número de al menos 1."),
        ("ar", "يُرجى كتابة رقم لا يقل عن 1."),
    ],
)
def test_a_bound_is_named_in_the_language_of_the_page(
    client: FlaskClient, database: Database, cast: Cast, locale: str, sentence: str
) -> None:
    asked = [
        {"key": "household", "label": "How many people?", "type": "number"},
        {"key": "moveInDate", "label": "When?", "type": "date"},
    ]
    with database.write() as db:
        template(db, cast.marston.id, questions=asked)
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(locale=locale))
    visitor = Visitor(client).get(START).press("/start").press("/answer", step="household", answer="−3")
    assert sentence in visitor.page
    visitor.press("/answer", step="household", answer="2.5")
    visitor.press("/answer", step="household", answer="٣").press("/answer", step="moveInDate", answer="2020-01-01")
    assert 'value="2020-01-01"' in visitor.page


@pytest.mark.parametrize("typed", ["\u200b", "\u3164", "\u2800", "\u0301"])
def test_a_name_that_nobody_can_see_is_asked_again(visitor: Visitor, typed: str) -> None:
    visitor.get(START).press("/start").press("/answer", step="fullName", answer=typed)
    assert "Please answer this question." in visitor.page


def test_back_and_change_keep_what_was_said(visitor: Visitor) -> None:
    visitor.get(START).press("/start").press("/answer", step="fullName", answer="Jane")
    back = next(u for u in re.findall(r'href="([^"]+)"', visitor.page) if "step=fullName" in u)
    visitor.get(html.unescape(back))
    assert 'value="Jane"' in visitor.page
    visitor.press("/answer", step="fullName", answer="Janet")
    assert visitor.step == "moveInDate"


def test_changing_from_the_review_comes_back_to_it(visitor: Visitor) -> None:
    answer_all(visitor.get(START).press("/start"))
    visitor.change("budget").press("/answer", step="budget", answer="2600")
    assert "Nothing has been sent yet." in visitor.page
    assert "2,600" in visitor.page


def test_a_question_with_a_condition_is_asked_only_then(visitor: Visitor) -> None:
    visitor.get(START).press("/start")
    seen = []
    while visitor.step:
        seen.append(visitor.step)
        visitor.press("/answer", step=visitor.step, answer={**JANE, "hasPets": "no"}.get(visitor.step, ""))
    assert "pets" not in seen
    assert seen[0] == "fullName"


def test_the_address_resumes(visitor: Visitor, database: Database) -> None:
    visitor.get(START).press("/start").press("/answer", step="fullName", answer="Jane")
    address = visitor.path.partition("?")[0]
    elsewhere = Visitor(visitor.client.application.test_client())
    assert elsewhere.get(address).step == "moveInDate"


def test_the_link_can_be_mailed(visitor: Visitor, outbox: Outbox) -> None:
    answer_all(visitor.get(START).press("/start")).press("/send_link")
    assert "The link to this page was asked for by e-mail." in visitor.page
    (email,) = outbox.emails("jane@example.com")
    path = urlsplit(email["text"].partition("http")[2].split()[0].join(["http", ""])).path
    assert "Nothing has been sent yet." in visitor.get(path).page, "everything was asked"


def test_an_address_that_is_typed_claims_nothing(visitor: Visitor, outbox: Outbox) -> None:
    answer_all(visitor.get(START).press("/start"))
    visitor.get(f"{visitor.path.partition('?')[0]}?step=review&sent=yes")
    assert "on its way" not in visitor.page
    assert "asked for by e-mail" not in visitor.page
    assert not outbox.rows()


def test_forged_links_lead_nowhere(visitor: Visitor, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    chat = links.token(database.config, links.CHAT, id)
    status = links.token(database.config, links.STATUS, id)
    for path in (f"chat/{status}", f"status/{chat}", f"chat/{chat}x", "chat/x", f"status/{id}", f"chat/{id.hex}"):
        visitor.get(f"{START}/{path}", 404)
    visitor.get(f"/p/harbor/two-bedroom/chat/{chat}", 404)
    visitor.get("/p/marston/nothing", 404)
    visitor.get("/p/nobody/two-bedroom", 404)
    visitor.get(f"{START}/chat/{chat}")


def test_without_its_form_token_nothing_happens(visitor: Visitor, database: Database, app: Any) -> None:
    assert visitor.client.post(f"{START}/start").status_code == 403
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Prescreen)) == 0


def test_sending_twice_shows_the_same_page(visitor: Visitor, outbox: Outbox) -> None:
    answer_all(visitor.get(START).press("/start"))
    review, path = visitor.page, visitor.path
    visitor.press("/complete")
    visitor.page, visitor.path = review, path
    visitor.press("/complete")
    assert "<h1>Your answers are sent</h1>" in visitor.page
    assert len(outbox.rows()) == 1
    assert "Your answers were already sent." in visitor.get(path).page


def test_after_thirty_days_it_says_so(visitor: Visitor, clock: Clock, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    path = f"{START}/chat/{links.token(database.config, links.CHAT, id)}"
    visitor.get(path)
    page = visitor.page
    clock.move(days=30)
    assert "open for 30 days" in visitor.get(path, 410).page
    visitor.page = page
    visitor.press("/answer", step="moveInDate", answer="2027-01-01", then=410)
    assert "open for 30 days" in visitor.page
    assert stored(database, id).submission == {"fullName": "Jane Smith"}


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("completed", "Not decided yet"),
        ("approved", "Approved"),
        ("denied", "Marston &amp; Vale decided not to go on with your application"),
    ],
)
def test_the_status_page_says_how_it_stands_and_no_notes(
    visitor: Visitor, database: Database, cast: Cast, state: str, word: str
) -> None:
    id = prescreen(database, cast.marston.id, state, notes="Drives a hard bargain")
    visitor.get(f"{START}/status/{links.token(database.config, links.STATUS, id)}")
    assert f"<h1>{word}</h1>" in visitor.page
    for hidden in ("hard bargain", "at least 2,400", "Mira", "2500", "jane@example.com"):
        assert hidden not in visitor.page


def test_an_expired_one_still_says_pending(visitor: Visitor, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, at=now() - timedelta(days=40))
    visitor.get(f"{START}/status/{links.token(database.config, links.STATUS, id)}")
    assert "<h1>Not decided yet</h1>" in visitor.page


def test_a_closed_template_says_so(visitor: Visitor, database: Database, cast: Cast) -> None:
    with database.write() as db:
        template(db, cast.marston.id, "closed", is_open=False)
    assert "takes no answers here" in visitor.get("/p/marston/closed", 410).page


@pytest.mark.parametrize(
    ("locale", "lang", "direction"), [("ar", "ar", "rtl"), ("es-MX", "es", "ltr"), ("ro", "en", "ltr")]
)
def test_it_speaks_the_organizations_language(
    visitor: Visitor, database: Database, cast: Cast, locale: str, lang: str, direction: str
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(locale=locale))
    visitor.get(START)
    assert f'<html lang="{lang}" dir="{direction}">' in visitor.page
    assert TRANSLATIONS.translator(locale)("start") in visitor.page
    assert ('lang="ro"' in visitor.page) is (locale == "ro"), "their own questions keep their language"


def test_starts_are_throttled(visitor: Visitor) -> None:
    visitor.get(START)
    token = token_in(visitor.page)
    answers = [visitor.client.post(f"{START}/start", data={"csrf_token": token}).status_code for _ in range(22)]
    assert answers == [303] * 20 + [429] * 2


def test_hostile_text_is_only_text(visitor: Visitor, database: Database, cast: Cast) -> None:
    evil = "<script>alert(1)</script>"
    with database.write() as db:
        template(db, cast.marston.id, "evil", name=evil, questions=[{**QUESTIONS[0], "label": evil, "hint": evil}])
    visitor.get("/p/marston/evil").press("/start").press("/answer", step="fullName", answer=evil)
    assert "<script>alert" not in visitor.page
    assert html.escape(evil) in visitor.page


@pytest.mark.parametrize(
    ("locale", "one", "two"),
    [
        ("en", "1 question. Your answer", "2 questions, one at a time"),
        ("es", "1 pregunta. Su respuesta", "2 preguntas, una por una"),
        ("fr", "1 question. Votre réponse", "2 questions, une à la fois"),
        ("ar", "سؤال واحد. تُحفظ إجابتك", "سؤالان، سؤال واحد في كل مرة"),
    ],
)
def test_one_question_is_not_several(
    visitor: Visitor, database: Database, cast: Cast, locale: str, one: str, two: str
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(locale=locale))
        template(db, cast.marston.id, "short", questions=QUESTIONS[:1])
        template(db, cast.marston.id, "longer", questions=QUESTIONS[:2])
    assert one in visitor.get("/p/marston/short").page
    assert two in visitor.get("/p/marston/longer").page
    progress = TRANSLATIONS.translator(locale)("progress", n=2, answered=1)
    assert progress in visitor.press("/start").press("/answer", step="fullName", answer="Jane").page


def test_a_number_is_said_back_before_it_is_sent(visitor: Visitor, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    chat = f"{START}/chat/{links.token(database.config, links.CHAT, id)}"
    visitor.get(f"{chat}/reading?step=budget&answer=2,500")
    assert visitor.page == "We read: 2,500"
    for typed, sentence in (("1.200", "We read: 1,200"), ("much", "in digits"), ("-5", "at least 0")):
        assert sentence in visitor.get(f"{chat}/reading?step=budget&answer={typed}").page, typed
    visitor.get(f"{chat}/reading?step=fullName&answer=5", 404)
    visitor.get(f"{chat}x/reading?step=budget&answer=5", 404)
    assert stored(database, id).submission == {"fullName": "Jane Smith"}, "nothing is saved by asking"
