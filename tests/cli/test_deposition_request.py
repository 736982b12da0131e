"""`desk deposition request`: a request for an organization, checked as the API checks it."""

import pytest
from sqlalchemy import select

from app.depositions.models import Deposition
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.cli.running import Desk

GOOD = {
    "--organization": "marston",
    "--title": "Deposition of Orsolya Brandt",
    "--case": "Keller v. Northline",
    "--date": "2030-01-28",
    "--time": "14:30",
    "--zone": "America/Denver",
    "--hours": "2",
    "--deponent": "Orsolya Brandt",
    "--invite": "quartz@example.com",
    "--host": "amber@example.com",
    "--asked-by": "Dana Whitfield",
}


def words(**changed: str) -> list[str]:
    options = {**GOOD, **{f"--{name}": value for name, value in changed.items()}}
    return ["deposition", "request", *(part for pair in options.items() for part in pair)]


def test_it_is_entered(desk: Desk, database: Database, cast: Cast) -> None:
    facts = desk.json(*words())
    with database.read() as db:
        (made,) = db.execute(select(*Deposition.__table__.c)).all()
        (event,) = timeline(db, "deposition", made.id)
    assert facts == {"id": made.id, "organization": "marston", "state": "initial", "starts_at": "2030-01-28T21:30:00Z"}
    assert (made.start_time, made.estimated_duration) == ("02:30 PM", "2")
    assert [invite["access_level"] for invite in made.invites] == ["participant", "host"]
    assert (event.data["asked_by"], event.via) == ("Dana Whitfield", "cli")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"zone": "Mountain Time"}, "Did you mean Mountain Time (US & Canada)?"),
        ({"date": "soon"}, "YYYY-MM-DD"),
        ({"time": "2:30"}, "hh:mm AM"),
        ({"hours": "25"}, "24 hours"),
        ({"invite": "nobody"}, "e-mail address"),
        ({"organization": "nobody"}, "nobody"),
    ],
)
def test_what_the_api_refuses_is_refused(desk: Desk, database: Database, cast: Cast, changed, sentence) -> None:
    done = desk(*words(**changed))
    assert done.exit_code == 1
    assert sentence in done.output
    with database.read() as db:
        assert db.execute(select(Deposition.id)).all() == []


def test_nothing_is_entered_for_a_closed_organization(desk: Desk, database: Database, cast: Cast) -> None:
    desk("organization", "close", "marston", "--yes")
    done = desk(*words())
    assert (done.exit_code, "Marston & Vale is closed. Nothing was done." in done.stderr) == (1, True)
    with database.read() as db:
        assert db.execute(select(Deposition.id)).all() == []
