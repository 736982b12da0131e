"""What waits and expires is announced: to the leads on day 27 and 29, to the prospect when theirs has expired."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.accounts.models import Membership, Organization
from app.kernel.db.engine import Database
from app.prescreens import actions
from app.prescreens.emails import A_DAY
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Prescreen, Questionnaire
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.decisions import decide, kinds, sweep
from tests.prescreens.factories import PROSPECT, prescreen, stored

SWITCHED_ON = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BEGUN = SWITCHED_ON + timedelta(hours=1)
"""When the worker looked first, and when a prospect began."""
JUST_BEFORE = timedelta(seconds=-1)
LEAD, ADMIN, PROSPECTS = "leda@example.com", "adam@example.com", "jane@example.com"


@pytest.fixture(autouse=True)
def switched_on(database: Database, cast: Cast) -> None:
    look(database, SWITCHED_ON)


def look(database: Database, at: datetime) -> None:
    """The worker looks, as it does each minute."""
    with database.write() as db:
        actions.announce_expiry(db, at)


def day(n: int, off: timedelta = timedelta()) -> datetime:
    return BEGUN + timedelta(days=n) + off


def sent(outbox: Outbox, to: str, template: str = "expire") -> list[str]:
    return [mail["subject"] for mail in outbox.emails(to) if template in mail["subject"]]


def test_day_27_29_and_30(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, at=BEGUN)
    subject = "1 prescreen expires on Wed 1 Apr 2026 · Marston & Vale"
    for at, to_lead, to_prospect in (
        (day(27, JUST_BEFORE), 0, 0),
        (day(27), 1, 0),
        (day(27), 1, 0),
        (day(29, JUST_BEFORE), 1, 0),
        (day(29), 2, 0),
        (day(30, JUST_BEFORE), 2, 0),
        (day(30), 2, 1),
        (day(31), 2, 1),
    ):
        look(database, at)
        assert sent(outbox, LEAD) == [subject] * to_lead, at
        assert len(sent(outbox, PROSPECTS)) == to_prospect, at
    assert kinds(database, id) == ["expired", "expiring", "expiring"]
    assert sent(outbox, ADMIN) == []
    mail = outbox.emails(PROSPECTS)[-1]
    assert mail["subject"] == "Your answers to Marston & Vale have expired"
    assert "/p/marston/two-bedroom" in mail["text"]
    assert stored(database, id).review_status == "pending_review"


def test_nothing_is_sent_about_what_was_there_before(database: Database, cast: Cast, outbox: Outbox) -> None:
    for hours in (0, 24, 29 * 24):
        prescreen(database, cast.marston.id, at=SWITCHED_ON - timedelta(hours=hours))
    for n in range(33):
        look(database, SWITCHED_ON + timedelta(days=n))
    assert sent(outbox, LEAD) + sent(outbox, PROSPECTS) == []


@pytest.mark.parametrize("state", ["draft", "active", "approved", "denied"])
def test_only_what_waits_for_a_decision_is_announced(
    database: Database, cast: Cast, outbox: Outbox, state: str
) -> None:
    prescreen(database, cast.marston.id, state, at=BEGUN)
    for n in (27, 29, 30, 31):
        look(database, day(n))
    assert sent(outbox, LEAD) + sent(outbox, PROSPECTS) == []


def test_what_was_withdrawn_is_not(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, at=BEGUN)
    with database.write() as db:
        actions.withdraw(db, id, by=PROSPECT, now=day(2))
    later = prescreen(database, cast.marston.id, at=day(5))
    look(database, day(31))
    with database.write() as db:
        actions.withdraw(db, later, by=PROSPECT, now=day(31, timedelta(seconds=30)))
    for n in (31, 32, 34, 35, 36):
        look(database, day(n, timedelta(minutes=1)))
    assert sent(outbox, LEAD) + sent(outbox, PROSPECTS) == []


def test_one_mail_a_day_for_all_of_that_day(database: Database, cast: Cast, outbox: Outbox) -> None:
    for minutes in range(3):
        prescreen(database, cast.marston.id, at=BEGUN + timedelta(minutes=minutes))
    prescreen(database, cast.marston.id, at=BEGUN + timedelta(days=1))
    prescreen(database, cast.harbor.id, at=BEGUN)
    for minutes in range(4):
        look(database, day(27, timedelta(minutes=minutes)))
    assert sent(outbox, LEAD) == ["3 prescreens expire on Wed 1 Apr 2026 · Marston & Vale"]
    assert "- 3 × Two-bedroom prescreen" in outbox.emails(LEAD)[-1]["text"]
    assert sent(outbox, "abel@example.com") == ["1 prescreen expires on Wed 1 Apr 2026 · Harbor Homes"]


def test_nothing_that_a_prospect_typed_is_in_a_mail(database: Database, cast: Cast, outbox: Outbox) -> None:
    prescreen(database, cast.marston.id, at=BEGUN, given={"fullName": "Canary Bird", "more": "Canary"})
    for n in (27, 29, 30):
        look(database, day(n))
    mails = [*outbox.emails(LEAD), *outbox.emails(PROSPECTS)]
    assert len(mails) >= 3
    assert not any("Canary" in mail["text"] + mail["html"] + mail["subject"] + mail["name"] for mail in mails)


@pytest.mark.parametrize("is_open", [True, False])
def test_the_way_to_start_again_is_in_it_while_there_is_one(
    database: Database, cast: Cast, outbox: Outbox, is_open: bool
) -> None:
    prescreen(database, cast.marston.id, at=BEGUN)
    with database.write() as db:
        db.execute(update(Questionnaire).values(is_open=is_open))
    look(database, day(30))
    (mail,) = (mail for mail in outbox.emails(PROSPECTS) if "expired" in mail["subject"])
    assert ("/p/marston/two-bedroom\n" in mail["text"]) is is_open


def test_without_a_lead_the_administrators_are_written_to(database: Database, cast: Cast, outbox: Outbox) -> None:
    with database.write() as db:
        db.execute(update(Membership).where(Membership.person_id == cast.leda.id).values(role="leasing_agent"))
    prescreen(database, cast.marston.id, at=BEGUN)
    look(database, day(27))
    assert (len(sent(outbox, ADMIN)), sent(outbox, LEAD), sent(outbox, "hugo@example.com")) == (1, [], [])


def test_a_decision_that_was_made_in_time_is_waited_for(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, at=BEGUN)
    decide(database, cast, id, "approve", seconds=60, at=day(30, timedelta(seconds=-20)))
    look(database, day(30, timedelta(seconds=10)))
    assert sent(outbox, PROSPECTS) == []
    sweep(database, day(30, timedelta(seconds=45)))
    look(database, day(30, timedelta(minutes=1)))
    assert sent(outbox, PROSPECTS) == []
    assert stored(database, id).review_status == "approved"
    later = prescreen(database, cast.marston.id, at=BEGUN + timedelta(minutes=30))
    look(database, day(30, timedelta(minutes=30)))
    assert len(sent(outbox, PROSPECTS)) == 1, "the mark is not held back by what was decided"
    assert kinds(database, later)[0] == "expired"


def test_more_than_a_portion_are_all_announced_once(
    database: Database, cast: Cast, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["app.prescreens.actions.announce_expiry"], "PORTION", 2)
    for n in range(5):
        prescreen(database, cast.marston.id, at=BEGUN + timedelta(minutes=n // 3), given={"email": f"p{n}@example.com"})
    for minutes in range(5):
        look(database, day(30, timedelta(hours=1, minutes=minutes)))
    assert [len(sent(outbox, f"p{n}@example.com")) for n in range(5)] == [1] * 5


def test_one_mailbox_is_told_so_often_a_day(database: Database, cast: Cast, outbox: Outbox) -> None:
    ids = [prescreen(database, cast.marston.id, at=BEGUN) for _ in range(A_DAY + 1)]
    look(database, day(30))
    assert len(sent(outbox, PROSPECTS)) == A_DAY
    assert {kinds(database, id)[0] for id in ids} == {"expired"}


def test_who_switched_decision_mails_off_sends_none_of_these(database: Database, cast: Cast, outbox: Outbox) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(decision_emails=False))
    id = prescreen(database, cast.marston.id, at=BEGUN)
    look(database, day(30))
    assert sent(outbox, PROSPECTS) == []
    assert kinds(database, id)[0] == "expired"


@pytest.mark.parametrize("locale", ["en", "es", "fr", "ar"])
def test_the_prospect_reads_their_language(database: Database, cast: Cast, outbox: Outbox, locale: str) -> None:
    id = prescreen(database, cast.marston.id, at=BEGUN)
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(locale=locale))
    look(database, day(30))
    wanted = TRANSLATIONS.translator(locale)("mail_expired_subject", organization="Marston & Vale")
    mail = outbox.emails(PROSPECTS)[-1]
    assert (mail["subject"], mail["locale"]) == (wanted, locale)
