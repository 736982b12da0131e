"""Move: a booked session to another moment, with everything that says so."""

import base64
from datetime import timedelta

from app.depositions import actions
from app.depositions.rules.new_request import parse_start
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.text.time_zones import clock12
from tests.depositions import factories
from tests.depositions.pages import stored


def to(starts_at=None, zone="Eastern Time (US & Canada)", hours=2, **facts):
    from zoneinfo import ZoneInfo

    wall = (starts_at or now() + timedelta(days=12)).astimezone(ZoneInfo("America/New_York"))
    return actions.Move(parse_start(f"{wall:%Y-%m-%d}", clock12(wall), zone), hours, **facts)


def move(database, cast, made, target=None, **facts):
    with database.write() as db:
        return actions.move(db, made.id, target or to(), by=cast.actor("ines"), now=now(), **facts)


def test_the_action(cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()
    before = len(outbox.emails())
    after = move(database, cast, made)
    assert (after.state, after.sequence, after.version) == ("scheduled", 2, made.version + 1)
    assert after.previous_starts_at == made.starts_at
    emails = outbox.emails()[before:]
    assert len(emails) == 3
    print(emails[0]["text"])
    for e in emails:
        file = base64.b64decode(e["attachments"][0]["content"]).decode()
        print(file)
    with database.read() as db:
        print(timeline(db, "deposition", made.id)[0])
    print(stored(database, made.id))
    print([ (r.channel, r.state, r.summary) for r in outbox.rows()])
