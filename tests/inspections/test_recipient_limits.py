"""Invites and reissues: twelve an hour to one recipient, three hundred of one organization; then refused in words."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.inspections import rules
from app.inspections.models import Invite
from app.kernel import clock as app_clock
from app.kernel.db.engine import Database
from app.kernel.outbox import recipient_limits
from app.kernel.outbox.recipient_limits import RecipientWindow
from tests.cast import Cast
from tests.clocks import Clock
from tests.inspections.conftest import SESSIONS, Integrator, at_once
from tests.outgoing import Outbox


def refused(answer) -> int:
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    problem = answer.json
    assert problem["code"] == "rate_limited"
    assert problem["detail"].endswith(".")
    assert "field_errors" in problem
    return int(answer.headers["Retry-After"])


def test_a_recipient_gets_twelve_links_an_hour(
    integrator: Integrator, stranger: Integrator, outbox: Outbox, clock: Clock
) -> None:
    """Over inspections, organizations, spellings, invites and reissues."""
    spellings = ["jo@example.com", "JO@example.com", "jo+1@example.com"]
    for n in range(6):
        caller = (integrator, stranger)[n % 2]
        session = caller.create()
        invite = caller.invite(session, recipient_email=spellings[n % 3])
        assert caller.post(f"{SESSIONS}/{session['id']}/participants/{invite['id']}/reissue").status_code == 200
    session = integrator.create()
    sent = len(outbox.rows("email"))
    for body in ({"recipient_email": "jo@example.com"}, {"recipient_email": "Jo+2@example.com", "send_email": False}):
        wait = refused(integrator.post(f"{SESSIONS}/{session['id']}/participants", body))
        assert 3500 < wait <= 3600
    assert len(outbox.rows("email")) == sent
    assert integrator.get(f"{SESSIONS}/{session['id']}/participants").json["data"] == []
    integrator.invite(session, recipient_email="somebody.else@example.com")
    clock.move(hours=1, seconds=1)
    integrator.invite(session, recipient_email="jo@example.com")


def test_telephones_are_recipients(integrator: Integrator) -> None:
    session = integrator.create()
    for number in ["+1 555 010 4477", "1-555-010-4477", "555 010 4477"] * 4:
        integrator.invite(session, recipient_phone=number)
    refused(integrator.post(f"{SESSIONS}/{session['id']}/participants", {"recipient_phone": "+1 (555) 010-4477"}))


def test_a_reissue_that_is_refused_kills_nothing(integrator: Integrator, database: Database) -> None:
    session = integrator.create()
    invite = integrator.invite(session, recipient_email="jo@example.com")
    url = f"{SESSIONS}/{session['id']}/participants/{invite['id']}/reissue"
    for _ in range(11):
        assert integrator.post(url).status_code == 200
    with database.read() as db:
        before = db.execute(select(Invite.token_sha256, Invite.issue)).one()
    refused(integrator.post(url, None, Idempotency_Key="again"))
    with database.read() as db:
        assert db.execute(select(Invite.token_sha256, Invite.issue)).one() == before


def test_an_organization_sends_three_hundred_an_hour(
    integrator: Integrator, stranger: Integrator, database: Database, cast: Cast
) -> None:
    session = integrator.create()
    integrator.invite(session, recipient_email="jo@example.com")
    bucket = recipient_limits.bucket("inviting", cast.marston.id)
    at = app_clock.now().timestamp()
    with database.write() as db:
        whole = [at] * (rules.LINKS_OF_AN_ORGANIZATION - 1)
        db.execute(update(RecipientWindow).where(RecipientWindow.bucket == bucket).values(sent=whole))
    integrator.invite(session)
    refused(integrator.post(f"{SESSIONS}/{session['id']}/participants", {}))
    stranger.invite(stranger.create(), recipient_email="jo@example.com")


def test_parallel_invites_count_exactly(integrator: Integrator, app, database: Database) -> None:
    session = integrator.create()
    headers = {"Authorization": f"Bearer {integrator.key}"}

    def invite(_n: int) -> int:
        url, body = f"{SESSIONS}/{session['id']}/participants", {"recipient_email": "jo@example.com"}
        return app.test_client().post(url, json=body, headers=headers).status_code

    assert at_once(20, invite, threads=5) == {201: 12, 429: 8}
    with database.read() as db:
        assert db.execute(select(func.count()).select_from(Invite)).scalar_one() == 12


def test_a_clock_that_steps_back_lengthens_no_wait(database: Database, clock: Clock) -> None:
    bucket = recipient_limits.bucket("test", "x")
    limit = [(bucket, 2, timedelta(hours=1))]
    with database.write() as db:
        for _ in range(2):
            assert recipient_limits.count(db, limit, app_clock.now()) is None
        back = app_clock.now() - timedelta(hours=5)
        assert recipient_limits.count(db, limit, back) == timedelta(hours=1)
        assert recipient_limits.count(db, limit, app_clock.now() + timedelta(hours=1)) is None


def test_what_has_passed_is_deleted(database: Database, clock: Clock) -> None:
    with database.write() as db:
        for n in range(3):
            limit = [(recipient_limits.bucket("test", n), 2, timedelta(hours=1 + 24 * (n == 2)))]
            recipient_limits.count(db, limit, app_clock.now())
        recipient_limits.forget_old(db, app_clock.now() + timedelta(hours=3))
        assert db.execute(select(func.count()).select_from(RecipientWindow)).scalar_one() == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a@example.com", "A@Example.com", True),
        ("a+x@example.com", "a@example.com", True),
        ("a.b@gmail.com", "ab@googlemail.com", True),
        ("a.b@example.com", "ab@example.com", False),
        ("+x@example.com", "+y@example.com", False),
    ],
)
def test_spellings_of_one_mailbox(one: str, other: str, same: bool) -> None:
    assert (recipient_limits.mailbox(one) == recipient_limits.mailbox(other)) is same
