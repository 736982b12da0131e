"""Request: what an organization asks for is written down, and booked at once with Self-Service."""

import pytest

from app.depositions.queries import detail
from app.kernel.changes.events import timeline
from app.kernel.db.counters import differences
from app.kernel.errors import Invalid, NotFound
from tests.depositions import factories


def test_it_is_written_down(database, cast, outbox):
    made = factories.request(database, cast)
    assert (made.state, made.version, made.sequence, made.booked_at) == ("initial", 1, 0, None)
    assert (made.estimated_duration, made.zone, made.ambiguous) == ("1.25", "America/Los_Angeles", False)
    assert (made.ends_at - made.starts_at).total_seconds() == 75 * 60
    assert made.invites == [
        {"email": "quartz@example.com", "access_level": "participant"},
        {"email": "obsidian@example.com", "access_level": "host"},
    ]
    assert outbox.rows() == []
    with database.read() as db:
        assert [event.kind for event in timeline(db, "deposition", made.id)] == ["deposition.requested"]
        assert differences(db) == []


def test_self_service_books_at_once(database, cast, outbox):
    made = factories.request(database, cast, "quill")
    assert made.state == "ready"
    assert made.booked_at is not None
    assert len(outbox.rows("email")) == 3
    assert len(outbox.rows("webhook")) == 1
    with database.read() as db:
        kinds = [event.kind for event in timeline(db, "deposition", made.id)]
    assert kinds == ["deposition.scheduled", "deposition.requested"]


def test_an_address_we_never_send_to_leaves_nothing(database, cast):
    with pytest.raises(Invalid) as refused:
        factories.request(database, cast, postback_url="https://10.0.0.1/")
    assert refused.value.errors[0].field == "postback_url"
    with database.read() as db, pytest.raises(NotFound):
        detail.find(db, cast.marston.id, "1")


def test_the_hour_that_comes_twice_is_flagged(database, cast):
    with database.write() as db:
        start = factories.new_request.parse_start("2026-11-01", "01:30 AM", "Pacific Time (US & Canada)")
        new = factories.new_request.NewRequest(title="t", case_name="c", start=start)
        made = factories.actions.request(db, cast.marston, new, by=cast.actor("ines"), now=factories.now())
    assert made.ambiguous
    assert made.starts_at == factories.at("2026-11-01 08:30")
    assert (made.estimated_duration, made.ends_at) == (None, made.starts_at)


def test_found_by_id_remote_id_and_slug_by_its_own_organization_alone(database, cast):
    made = factories.request(database, cast)
    with database.read() as db:
        for wanted in (str(made.id), str(made.remote_session_id), made.slug):
            assert detail.find(db, cast.marston.id, wanted).id == made.id
            with pytest.raises(NotFound):
                detail.find(db, cast.harbor.id, wanted)
