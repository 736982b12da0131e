"""Scheduled, moved, canceled without a word, told: what everybody knows at each step, and nothing afterwards."""

from collections import Counter
from datetime import timedelta

import pytest

from app.depositions import actions
from app.depositions.queries import people
from app.depositions.rules.new_request import parse_start
from app.kernel.clock import now
from app.kernel.text import datetimes
from app.kernel.text.time_zones import clock12
from tests.depositions import factories
from tests.depositions.pages import listed, send, stored
from tests.pages import text

ZONE = "Arizona"
"""A zone without summer time: every wall time is there once."""


@pytest.fixture
def reminding(database, cast):
    """The organization has switched on everything that sends e-mails later."""
    chosen = {"reminders": True, "reconfirmation": True, "reconfirm_deponent": True}
    with database.write() as db:
        actions.change_settings(db, cast.organizations["marston"].id, chosen, by=cast.actor("ines"), now=now())


def known(database, made):
    """How many have which version, and are up to date or not."""
    with database.read() as db:
        return Counter((one.kind, one.invited_sequence, one.outdated) for one in people.known(db, made.id))


def test_everybody_knows_what_is_true_and_nothing_comes_later(reminding, ines, client, cast, database, outbox, clock):
    made = factories.in_state(database, cast, "scheduled", zone=ZONE, starts_at=now() + timedelta(hours=30))
    factories.delivered(database)
    assert known(database, made) == {("participant", 1, False): 3, ("manager", 1, False): 1, ("system", 1, False): 1}

    wall = datetimes.local(now() + timedelta(hours=40), made.zone)
    to = actions.Move(start=parse_start(f"{wall:%Y-%m-%d}", clock12(wall), ZONE), estimated_duration=1.25)
    with database.write() as db:
        moved = actions.move(db, made.id, to, by=cast.actor("ines"), now=now())
    assert not stored(database, made.id).not_up_to_date
    factories.delivered(database)
    assert known(database, made) == {("participant", 2, False): 3, ("manager", 2, False): 1, ("system", 2, False): 1}

    with database.write() as db:
        canceled = actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False, reason="They know.")
    assert known(database, made) == {("participant", 2, True): 3, ("manager", 2, True): 1, ("system", 2, True): 1}
    assert stored(database, made.id).not_up_to_date
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "5 of 5 still believe that it takes place" in page

    before = len(outbox.emails())
    assert send(ines, made.id, "tell", version=canceled.version).status_code == 303
    factories.delivered(database)
    mails = outbox.emails()[before:]
    assert [mail["subject"].startswith("Canceled") for mail in mails] == [True] * 4
    assert known(database, made) == {("participant", 3, False): 3, ("manager", 3, False): 1, ("system", 2, True): 1}
    assert listed(client, cast, made.id)["session_state"] == "canceled"
    assert not stored(database, made.id).not_up_to_date

    sent = len([row for row in outbox.rows() if row.state == "sent"])
    while now() < moved.starts_at + timedelta(hours=8):
        clock.move(hours=6)
        outbox.deliver_all()
    assert len([row for row in outbox.rows() if row.state == "sent"]) == sent
    assert {row.state for row in outbox.rows()} == {"sent", "dropped"}
    # Every link that was mailed says that it is canceled.
    links = {word for mail in outbox.emails() for word in mail["text"].split() if f"/sessions/{made.slug}" in word}
    assert len(links) >= 4
    for link in links:
        answer = client.get(link[link.index("/sessions/") :])
        assert (answer.status_code, "canceled" in text(answer)) == (410, True)
