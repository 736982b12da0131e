"""Invitations, forgotten passwords, changing one's own: single use, expiring, races decided once."""

import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import emails, links
from app.accounts.actions import people
from app.accounts.models import Person
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import enqueue
from tests.accounts.browser import HTMX, post, sign_in, token
from tests.cast import PASSWORD, Cast
from tests.clocks import Clock
from tests.outgoing import Outbox

NEW = "eleven quiet herons wade"


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/(?:invitation|password/new)/\S+)", text)
    assert found is not None
    return found[1]


@pytest.fixture
def invitation(database: Database, cast: Cast, outbox: Outbox) -> str:
    """The link in the e-mail to a person whom Adam invited to Marston."""
    with database.write() as db:
        people.invite(
            db,
            email="Vera@example.com",
            name="Vera Stone",
            role="operator",
            organization=cast.marston,
            by=cast.actor("adam"),
            now=now(),
        )
    (message,) = outbox.emails("vera@example.com")
    assert message["subject"] == "Adam Reyes invites you to Session Desk"
    assert "Marston & Vale" in message["text"]
    assert "Marston &amp; Vale" in message["html"]
    return link_in(message["text"])


@pytest.fixture
def reset(client: FlaskClient, cast: Cast, outbox: Outbox) -> str:
    """The link in the e-mail to Lena, who forgot her password."""
    assert post(client, "/password/forgotten", {"email": " Lena@example.com"}, page="/sign-in").status_code == 303
    outbox.deliver_all()
    with outbox.database.read() as db:
        lena = db.scalars(select(Person).where(Person.email == "lena@example.com")).one()
        return links.reset_link(outbox.database.config, lena).removeprefix(outbox.database.config.public_base_url)


def choose(client: FlaskClient, link: str, password: str = NEW) -> int:
    return client.post(link, data={"csrf_token": token(client, link), "password": password}).status_code


def test_an_invitation_opens_an_account(client: FlaskClient, invitation: str) -> None:
    page = client.get(invitation)
    assert "Vera Stone" in page.text
    assert choose(client, invitation) == 303
    assert client.get("/settings").status_code == 200
    assert "vera@example.com" in client.get("/settings").text


def test_looking_at_a_link_uses_nothing_up(client: FlaskClient, invitation: str) -> None:
    for _ in range(3):
        assert client.head(invitation).status_code == 200
        assert client.get(invitation).status_code == 200
    assert choose(client, invitation) == 303


def test_a_link_works_once(app: Flask, client: FlaskClient, invitation: str) -> None:
    assert choose(client, invitation) == 303
    other = app.test_client()
    answer = other.get(invitation)
    assert answer.status_code == 410
    assert "has been used" in answer.text
    form = {"csrf_token": token(other), "password": NEW}
    assert other.post(invitation, data=form).status_code == 410


def test_links_age(client: FlaskClient, invitation: str, reset: str, clock: Clock) -> None:
    clock.move(minutes=61)
    assert client.get(reset).status_code == 422
    assert client.get(invitation).status_code == 200
    clock.move(days=7)
    assert client.get(invitation).status_code == 422


def test_links_are_for_one_purpose(client: FlaskClient, invitation: str, reset: str) -> None:
    kept = invitation.rpartition("/")[2]
    assert client.get(f"/password/new/{kept}").status_code == 422
    assert client.get(f"/invitation/{reset.rpartition('/')[2]}").status_code == 422
    assert client.get(f"/invitation/{kept[:-3]}abc").status_code == 422


def test_disabling_kills_an_invitation(client: FlaskClient, invitation: str, cast: Cast, database: Database) -> None:
    with database.write() as db:
        vera = db.scalars(select(Person).where(Person.email == "vera@example.com")).one()
        people.disable(db, vera, by=cast.actor("adam"), now=now())
        people.enable(db, vera, by=cast.actor("adam"), now=now())
    assert client.get(invitation).status_code == 410


@pytest.mark.parametrize(
    "weak", ["short", "aaaaaaaaaaaa", "vera@example.com", "Vera Stone", "x" * 300, "a\x00bcdefghijkl"]
)
def test_weak_passwords_are_refused_beside_the_field(client: FlaskClient, invitation: str, weak: str) -> None:
    answer = client.post(invitation, data={"csrf_token": token(client, invitation), "password": weak})
    assert answer.status_code == 422
    assert "password-error" in answer.text
    assert weak == "short" or weak not in answer.text.replace("Vera Stone", "").replace('value="vera@example.com"', "")
    assert choose(client, invitation) == 303


def test_a_forgotten_password_is_set_anew(app: Flask, client: FlaskClient, reset: str) -> None:
    assert choose(client, reset) == 303
    other = app.test_client()
    assert sign_in(other, "lena@example.com", PASSWORD).status_code == 422
    assert sign_in(other, "lena@example.com", NEW).status_code == 303


def test_it_signs_everybody_else_out(app: Flask, client: FlaskClient, cast: Cast, reset: str) -> None:
    elsewhere = cast.sign_in(app.test_client(), "lena")
    assert elsewhere.get("/settings").status_code == 200
    choose(client, reset)
    assert elsewhere.get("/settings").status_code == 303


def test_and_says_so_by_mail(client: FlaskClient, reset: str, outbox: Outbox) -> None:
    choose(client, reset)
    assert "Your password at Session Desk was changed" in [
        each["subject"] for each in outbox.emails("lena@example.com")
    ]


def test_everybody_gets_the_same_answer(client: FlaskClient, cast: Cast, outbox: Outbox, database: Database) -> None:
    answers = []
    for email in ("lena@example.com", "unknown@example.com"):
        answer = post(client, "/password/forgotten", {"email": email}, page="/sign-in")
        answers.append((answer.status_code, answer.location))
    assert answers == [(303, "/password/asked")] * 2
    assert client.get("/password/asked").status_code == 200
    assert [row.channel for row in outbox.rows()] == ["job:accounts.password_reset"] * 2
    outbox.deliver_all()
    messages = outbox.rows("email")
    assert [row.subject_id for row in messages] == [str(cast.lena.id)]
    assert messages[0].payload == {}
    assert "password/new" not in messages[0].summary
    with database.read() as db:
        assert timeline(db, "person", cast.lena.id)[0].kind == "person.reset_sent"


def test_a_job_that_runs_twice_sends_one_email(client: FlaskClient, cast: Cast, outbox: Outbox) -> None:
    from app.accounts.jobs import send_reset
    from app.kernel.outbox.outbox import Delivery

    post(client, "/password/forgotten", {"email": "lena@example.com"}, page="/sign-in")
    (row,) = outbox.rows()
    delivery = Delivery(
        id=row.id,
        channel=row.channel,
        destination=row.destination,
        payload=row.payload,
        attempts=1,
        organization_id=None,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        created_at=row.created_at,
        database=outbox.database,
        config=outbox.database.config,
        now=now(),
        connections={},
    )
    send_reset(delivery)
    send_reset(delivery)
    assert len(outbox.emails("lena@example.com")) == 1


def test_disabled_people_get_no_email(client: FlaskClient, cast: Cast, outbox: Outbox, database: Database) -> None:
    with database.write() as db:
        people.disable(db, db.get_one(Person, cast.lena.id), by=cast.actor("hugo"), now=now())
    post(client, "/password/forgotten", {"email": "lena@example.com"}, page="/sign-in")
    outbox.deliver_all()
    assert outbox.rows("email") == []


def test_asking_too_often_is_refused(client: FlaskClient, cast: Cast) -> None:
    codes = [
        post(client, "/password/forgotten", {"email": "lena@example.com"}, page="/sign-in").status_code
        for _ in range(11)
    ]
    assert codes == [303] * 10 + [429]


def test_two_presses_at_once_set_one_password(database: Database, cast: Cast) -> None:
    for _ in range(5):
        with database.read() as db:
            lena = db.scalars(select(Person).where(Person.email == "lena@example.com")).one()
            claim = links.redeemable(db, links.RESET, links.reset_link(db.config, lena).rpartition("/")[2])
        outcomes: list[str] = []
        gate = threading.Barrier(4)

        def redeem(
            name: str, epoch: int = claim.epoch, status: list[str] = outcomes, gate: threading.Barrier = gate
        ) -> None:
            gate.wait()
            try:
                with database.write() as db:
                    people.change_password(db, cast.lena.id, epoch, name, how="reset", by=cast.actor("lena"), now=now())
                status.append(name)
            except Exception as error:
                status.append(type(error).__name__)

        threads = [threading.Thread(target=redeem, args=(f"hash {n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners = [name for name in outcomes if name.startswith("hash")]
        assert len(winners) == 1
        assert outcomes.count("Gone") == 3
        with database.read() as db:
            assert db.get_one(Person, cast.lena.id).password_hash == winners[0]


def test_changing_ones_own(app: Flask, client: FlaskClient, cast: Cast, outbox: Outbox) -> None:
    cast.sign_in(client, "lena")
    elsewhere = cast.sign_in(app.test_client(), "lena")
    answer = post(client, "/settings/password", {"current": PASSWORD, "password": NEW})
    assert (answer.status_code, answer.location) == (303, "/settings")
    assert client.get("/settings").status_code == 200
    assert elsewhere.get("/settings").status_code == 303
    assert len(outbox.emails("lena@example.com")) == 1


def test_changing_needs_the_old_one(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    answer = post(client, "/settings/password", {"current": "guessed it", "password": NEW}, headers=HTMX)
    assert answer.status_code == 422
    assert "not your present password" in answer.text
    assert "guessed it" not in answer.text
    for _ in range(9):
        post(client, "/settings/password", {"current": "guessed it", "password": NEW})
    assert post(client, "/settings/password", {"current": PASSWORD, "password": NEW}).status_code == 429
    with database.read() as db:
        assert db.get_one(Person, cast.lena.id).session_epoch == 0


def test_passwords_are_in_no_event(client: FlaskClient, reset: str, cast: Cast, database: Database) -> None:
    choose(client, reset)
    with database.read() as db:
        rows = timeline(db, "person", cast.lena.id)
    assert "person.password_reset" in [row.kind for row in rows]
    assert NEW not in str([row.data for row in rows])


@pytest.mark.parametrize("ends", ["changed", "disabled"])
def test_a_link_that_waits_is_not_sent_once_it_is_void(
    client: FlaskClient, cast: Cast, outbox: Outbox, database: Database, ends: str
) -> None:
    with database.write() as db:
        lena = db.get_one(Person, cast.lena.id)
        mail = emails.password_reset(db, lena, "reset:1")
        enqueue(
            db, [mail], event_id=None, organization_id=None, subject_type="person", subject_id=str(lena.id), now=now()
        )
        if ends == "changed":
            people.change_password(
                db, lena.id, lena.session_epoch, "x", how="changed", by=cast.actor("lena"), now=now()
            )
        else:
            people.disable(db, lena, by=cast.actor("ines"), now=now())
    link, *notices = outbox.deliver_all()
    assert link.state == "dropped"
    assert {row.state for row in notices} <= {"sent"}
