"""The e-mails to prospects: each one has the link of the status page, in each language."""

import html
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import Organization
from app.dashboard.undo.models import PendingDecision
from app.kernel.changes.fingerprint import fingerprint
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.outbox.email import TEMPLATES
from app.kernel.outbox.outbox import Message
from app.prescreens import emails, links
from app.prescreens.actions._review import decision_fingerprint
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import DecisionSnapshot, Prescreen
from app.prescreens.queries import questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.prescreens.decisions import decide, sweep
from tests.prescreens.factories import prescreen, stored

Write = Callable[[Db, Prescreen, QuestionnaireDetail], Sequence[Message]]

WRITERS: dict[str, Write] = {
    "again": emails.again,
    "approved": lambda db, row, found: emails.of_decision(db, row, found, "approved"),
    "asked": lambda db, row, found: emails.asked(db, row, found, uuid4(), "Which floor?"),
    "completed": lambda db, row, found: emails.completed(db, row, found, now()),
    "denied": lambda db, row, found: emails.of_decision(db, row, found, "denied"),
    "expired": lambda db, row, found: emails.expired(db, row, found, now()),
    "link": lambda db, row, found: emails.link(db, row, found, now()),
    "reminder": emails.reminder,
}
"""Who writes each e-mail to prospects; a template without an entry here fails the test."""
LANGUAGES = ("en", "es", "fr", "ar")


def speak(database: Database, language: str) -> None:
    """Everybody's language, as if they had begun in it."""
    with database.write() as db:
        db.execute(update(Prescreen).values(locale=language))
        db.execute(update(Organization).values(locale=language))


def test_every_template_is_tried() -> None:
    kinds = {name.split("/")[1] for name in TEMPLATES.list_templates() if name.startswith("email/prescreen-")}
    assert {f"prescreen-{name}" for name in WRITERS} == kinds


@pytest.mark.parametrize("name", WRITERS)
def test_each_has_a_status_link_that_opens(client: FlaskClient, database: Database, cast: Cast, name: str) -> None:
    id = prescreen(database, cast.marston.id)
    for language in LANGUAGES:
        speak(database, language)
        row = stored(database, id)
        with database.write() as db:
            (message,) = WRITERS[name](db, row, questionnaires.of_prescreen(db, row))
        label = TRANSLATIONS.translator(language)("see_status")
        kept = name in ("approved", "denied")
        assert message.secret is not kept, "the content goes once it is sent, unless it says what its link shows"
        for part in ("text", "html"):
            content = html.unescape(message.payload[part])
            assert part == "text" or label in content, language
            (link,) = set(re.findall(r"http\S+?(/p/marston/two-bedroom/status/[\w.-]+)", content))
            page = client.get(link)
            assert (page.status_code, cast.marston.name in html.unescape(page.text)) == (200, True)
            assert link.rpartition("/")[2] not in str(message.summary)


@pytest.mark.parametrize("name", ["approved", "asked", "again", "denied", "reminder"])
def test_what_is_previewed_stays_the_same(database: Database, cast: Cast, clock: Clock, name: str) -> None:
    id, inquiry = prescreen(database, cast.marston.id), uuid4()
    write = (lambda db, row, found: emails.asked(db, row, found, inquiry, "")) if name == "asked" else WRITERS[name]
    found = []
    for _ in range(2):
        with database.read() as db:
            row = stored(database, id)
            found.append(fingerprint(write(db, row, questionnaires.of_prescreen(db, row))))
        clock.move(seconds=5)
    assert found[0] == found[1], "links are signed with the second in which they are made"


def status_page(client: FlaskClient, database: Database, id: UUID) -> str:
    with database.read() as db:
        row = stored(database, id)
        found = questionnaires.of_prescreen(db, row)
        url = links.status_url(db.config, found.organization_slug, found.slug, id)
    answer = client.get(url.removeprefix(database.config.public_base_url))
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_the_page_says_that_nothing_was_sent_yet_and_that_nobody_decided(
    client: FlaskClient, database: Database, cast: Cast, clock: Clock
) -> None:
    unsent, waiting = prescreen(database, cast.marston.id, "active"), prescreen(database, cast.marston.id)
    for language in LANGUAGES:
        t = TRANSLATIONS.translator(language)
        speak(database, language)
        shown = status_page(client, database, unsent)
        assert t("not_sent") in shown
        assert t("status_text_pending", organization=cast.marston.name) not in shown
        assert t("status_text_pending", organization=cast.marston.name) in status_page(client, database, waiting)
    clock.move(days=31)
    shown = status_page(client, database, waiting)
    assert t("mail_expired", organization=cast.marston.name, workflow="Two-bedroom prescreen") in shown
    assert t("state_pending") in shown, "one of the three words that there are"
    assert t("status_text_pending", organization=cast.marston.name) not in shown


def test_a_decision_pending_since_an_earlier_version_sends_what_its_agent_saw(
    database: Database, cast: Cast, outbox: Outbox
) -> None:
    """Earlier versions wrote no status link where the questionnaire had no closing words."""
    id, later = (prescreen(database, cast.marston.id) for _ in range(2))
    with database.read() as db:
        row = stored(database, id)
        found = questionnaires.of_prescreen(db, row)
        assert found.texts is None
        former = emails.of_decision_formerly(db, row, found, "approved")
        seen = fingerprint([former])
        assert decision_fingerprint(db, row, "approve") != seen
    decide(database, cast, id, at=now() - timedelta(minutes=2))
    with database.write() as db:
        db.execute(update(PendingDecision).values(digest=seen))
    decide(database, cast, later, at=now() - timedelta(minutes=1))
    sweep(database)
    sent = [each["text"] for each in outbox.emails("jane@example.com")[-2:]]
    assert (stored(database, id).review_status, stored(database, later).review_status) == ("approved", "approved")
    assert former.payload["text"] in sent
    assert sorted("/status/" in each for each in sent) == [False, True]
    with database.read() as db:
        hashes = db.execute(select(DecisionSnapshot.email_hash)).scalars().all()
    assert seen in hashes
