"""What time does: reminders with a moved clock, authorities that stamp, fail, or are away."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.inspections import actions, anchors, bundle, queries
from app.kernel.clock import iso, now
from tests.inspections.authority import Authority
from tests.inspections.conftest import printed, token_of
from tests.inspections.test_chain import run, unpack


def soon(**length: int) -> str:
    return iso(now() + timedelta(**length))


def reminders(outbox) -> list[dict]:
    return [email for email in outbox.emails() if "your inspection is at" in email.get("subject", "")]


def test_two_reminders_once_each_and_none_after_the_start(integrator, outbox, clock) -> None:
    session = integrator.create(scheduled_for=soon(hours=30))
    integrator.invite(session, **{**printed("mint"), "ttl_minutes": 4320})
    outbox.deliver_all()
    for hours, expected in ((5, 0), (2, 1), (1, 1), (20, 1), (1, 2), (3, 2)):
        clock.move(hours=hours)
        outbox.deliver_all()
        assert len(reminders(outbox)) == expected, hours
    assert all(email["to"] == "alex@policyholder.com" for email in reminders(outbox))
    assert "tok_" not in str(reminders(outbox))


def test_a_late_worker_sends_the_nearer_one_only_and_nothing_after_the_start(integrator, outbox, clock) -> None:
    late, over = (integrator.create(scheduled_for=soon(hours=30)) for _ in range(2))
    integrator.invite(late, recipient_email="late@example.com", ttl_minutes=4320)
    outbox.deliver_all()
    clock.move(hours=29, minutes=30)
    outbox.deliver_all()
    assert [email["to"] for email in reminders(outbox)] == ["late@example.com"]
    clock.move(hours=2)
    outbox.deliver_all()
    assert len(reminders(outbox)) == 1
    assert over


def test_a_worker_that_slept_past_the_start_sends_nothing(integrator, outbox, clock) -> None:
    session = integrator.create(scheduled_for=soon(hours=30))
    integrator.invite(session, recipient_email="a@example.com")
    clock.move(hours=31)
    outbox.deliver_all()
    assert reminders(outbox) == []


@pytest.mark.parametrize("what", ["end", "join", "revoke"])
def test_no_reminder_when_it_makes_no_sense_any_more(integrator, outbox, clock, field, what) -> None:
    session = integrator.create(scheduled_for=soon(hours=30))
    invite = integrator.invite(session, recipient_email="a@example.com", ttl_minutes=4320)
    if what == "end":
        integrator.end(session)
        assert {row.state for row in outbox.rows("job:inspections.remind")} == {"dropped"}
    elif what == "join":
        field.join(invite, invite["otp_code"])
    else:
        integrator.post(f"/api/v1/public/sessions/{session['id']}/participants/{invite['id']}/revoke")
    clock.move(hours=7)
    outbox.deliver_all()
    assert [email for email in reminders(outbox) if email["to"] == "a@example.com"] == []


def test_when_nobody_is_invited_the_operator_hears(integrator, outbox, clock) -> None:
    integrator.create(scheduled_for=soon(hours=30))
    clock.move(hours=7)
    outbox.deliver_all()
    (email,) = outbox.emails()
    assert email["to"] == "desk@marston.example.com"
    assert "Nobody can join yet" in email["subject"]


def test_only_reminders_that_lie_ahead_are_promised(integrator, outbox) -> None:
    integrator.create(scheduled_for=soon(hours=5))
    assert [row.payload["hours"] for row in outbox.rows("job:inspections.remind")] == [1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("authority"))
    server = made.serve()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def stamped(authority, database, app, cast, monkeypatch):
    """An integrator whose house asks a real authority."""
    from dataclasses import replace

    from tests.inspections.conftest import Integrator

    authority.answers.clear()
    database.config = replace(database.config, tsa_urls=(authority.url,))
    return Integrator(app, cast, "marston")


def anchor(database, session):
    with database.read() as db:
        (found,) = [each for each in queries.anchors(db, uuid.UUID(session["id"])) if each.kind == "end"]
        return found, queries.get(db, uuid.UUID(session["id"])).anchoring


def test_the_worker_has_the_head_stamped_and_the_bundle_verifies(stamped, authority, database, outbox, tmp_path, field):
    session = stamped.create()
    field.join(stamped.invite(session))
    outbox.deliver_all()  # the first join is stamped too
    asked = authority.asked
    stamped.end(session)
    assert authority.asked == asked, "never in the request"
    assert anchor(database, session)[1] == "pending"
    outbox.deliver_all()
    found, word = anchor(database, session)
    assert (found.state, word, authority.asked) == ("anchored", "anchored", asked + 1)
    with database.read() as db:
        links = queries.links(db, uuid.UUID(session["id"]))
    folder = unpack(bundle.bundle(links, None, [found]), tmp_path / "bundle")
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "root.pem").write_bytes((authority.folder / "root.pem").read_bytes())
    done = run(folder, str(tmp_path / "roots"))
    assert (done.returncode, "PROVEN: 1 time stamps are good." in done.stdout) == (0, True), done
    outbox.deliver_all()
    assert authority.asked == asked + 1


def test_an_authority_that_is_away_is_asked_again(stamped, authority, database, outbox, clock, monkeypatch) -> None:
    monkeypatch.setattr(anchors, "CLOCKS_DIFFER", timedelta(days=1))  # the authority's clock does not move
    session = stamped.create()
    stamped.end(session)
    authority.answers += [503, 503]
    outbox.deliver_all()
    found, word = anchor(database, session)
    assert (found.state, word, found.attempts) == ("pending", "pending", 1)
    assert "status 503" in found.reason
    clock.move(hours=1)
    outbox.deliver_all()
    clock.move(hours=1)
    outbox.deliver_all()
    found, word = anchor(database, session)
    assert (found.state, word, found.attempts, found.reason) == ("anchored", "anchored", 3, "")


def test_a_refusal_fails_at_once_and_can_be_retried(stamped, authority, database, outbox, cast) -> None:
    session = stamped.create()
    stamped.end(session)
    authority.answers.append(bytes.fromhex("30053003020102"))  # a rejection
    outbox.deliver_all()
    found, word = anchor(database, session)
    assert (found.state, word) == ("failed", "failed")
    with database.write() as db:
        actions.retry_anchor(db, found.id, uuid.UUID(session["id"]), by=cast.actor("otto"), now=now())
    assert anchor(database, session)[1] == "pending"
    outbox.deliver_all()
    assert anchor(database, session)[1] == "anchored"


def test_an_authority_that_never_answers_fails_after_ten_attempts(stamped, authority, database, outbox, clock) -> None:
    session = stamped.create()
    stamped.end(session)
    authority.answers += [500] * 12
    for _ in range(12):
        outbox.deliver_all()
        clock.move(hours=30)
    found, word = anchor(database, session)
    assert (found.state, word, found.attempts) == ("failed", "failed", 10)
    assert token_of
