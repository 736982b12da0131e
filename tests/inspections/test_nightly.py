"""The nightly verification: every record once, what does not hold on a tab of its own, and what monitoring sees."""

import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.inspections import nightly
from app.inspections.models import Inspection, VerificationRun
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cli.running import Desk
from tests.history import rewriting
from tests.inspections import pages


@pytest.fixture
def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(database, monkeypatch)


TAMPER = "UPDATE chain_events SET payload = '{}' WHERE sequence = 2 AND inspection_id = :id"


def stored_id(database: Database, session: dict[str, Any]) -> str:
    return session["id"].replace("-", "") if database.sqlite else session["id"]


def tamper(database: Database, session: dict[str, Any], statement: str = TAMPER) -> None:
    with rewriting(database) as db:
        db.execute(text(statement), {"id": stored_id(database, session)})


def broken_at(database: Database, session: dict[str, Any]) -> object:
    with database.read() as db:
        return db.scalar(select(Inspection.broken_at).where(Inspection.id == uuid.UUID(session["id"])))


def run_of_tonight(database: Database) -> tuple[int, int, int, bool]:
    with database.read() as db:
        run = db.scalars(select(VerificationRun).order_by(VerificationRun.night.desc()).limit(1)).one()
        return run.proven, run.broken, run.not_proven, run.finished_at is not None


def verify_tonight(database: Database, at: Any = None) -> None:
    while nightly.verify_portion(database, at or now()):
        pass


def ended(integrator: Any, n: int) -> list[dict[str, Any]]:
    sessions = [integrator.create(notes=f"number {i}") for i in range(n)]
    for session in sessions:
        integrator.end(session)
    return sessions


def tab(client: Any) -> str:
    return client.get("/inspections?view=broken").text


def test_a_record_that_does_not_hold_gets_a_tab_an_event_and_a_metric(integrator, otto, client, database) -> None:
    spoiled, whole = ended(integrator, 2)
    assert "All records hold" in tab(otto)
    verify_tonight(database)
    assert run_of_tonight(database) == (0, 0, 2, True)
    tamper(database, spoiled)
    verify_tonight(database, now() + timedelta(days=1))
    assert run_of_tonight(database) == (0, 1, 1, True)
    page = tab(otto)
    assert spoiled["id"] in page
    assert whole["id"] not in page
    assert "1 record does not hold" in re.sub(r"<[^>]+>|\s+", " ", page).replace("  ", " ")
    assert pages.kinds(database, spoiled)[0] == "inspection.found_broken"
    assert "Event 2 was changed" in otto.get(f"/inspections/{spoiled['id']}").text
    assert "desk_records_broken 1.0" in client.get("/metrics").text
    before = broken_at(database, spoiled)
    verify_tonight(database, now() + timedelta(days=2))
    assert broken_at(database, spoiled) == before, "found once"


def test_a_record_that_was_repaired_leaves_the_tab(integrator, otto, database) -> None:
    (spoiled,) = ended(integrator, 1)
    with database.read() as db:
        payload = db.scalar(text("SELECT payload FROM chain_events WHERE sequence = 2"))
    tamper(database, spoiled)
    verify_tonight(database)
    assert spoiled["id"] in tab(otto)
    with rewriting(database) as db:
        db.execute(text("UPDATE chain_events SET payload = :p WHERE sequence = 2"), {"p": payload})
    verify_tonight(database, now() + timedelta(days=1))
    assert "All records hold" in tab(otto)
    assert pages.kinds(database, spoiled)[0] == "inspection.found_whole"


def test_a_night_is_verified_once_by_one_worker_and_goes_on_where_it_was_cut_off(
    integrator, database, monkeypatch
) -> None:
    monkeypatch.setattr(nightly, "PORTION", 2)
    ended(integrator, 3)
    night = now().replace(hour=12)
    with database.write() as db:
        assert nightly._take(db, (night - nightly.HOUR).strftime("%Y-%m-%d"), night) == (True, None)
    assert nightly.verify_portion(database, night) is False, "another worker has it"
    later = night + nightly.LEASE
    assert nightly.verify_portion(database, later) is True
    assert run_of_tonight(database) == (0, 0, 2, False)
    assert nightly.verify_portion(database, later) is False
    assert run_of_tonight(database) == (0, 0, 3, True)
    assert nightly.verify_portion(database, later) is False
    assert run_of_tonight(database) == (0, 0, 3, True)


def test_others_do_not_see_it_and_the_home_page_counts_it(integrator, stranger, otto, cast, app, database) -> None:
    (spoiled,) = ended(integrator, 1)
    tamper(database, spoiled)
    verify_tonight(database)
    assert "whose record does not hold" in otto.get("/").text
    assert spoiled["id"] not in tab(cast.sign_in(app.test_client(), "oona"))
    assert spoiled["id"] in tab(cast.sign_in(app.test_client(), "aude"))


def test_the_command_verifies_everything_at_once(integrator, desk, database, otto) -> None:
    assert desk("verify", "--all").exit_code == 0, "nothing has ended"
    live = integrator.create()
    assert desk("verify", "--all").exit_code == 0, "it goes on"
    spoiled, _ = ended(integrator, 2)
    assert desk("verify", "--all").exit_code == 2
    tamper(database, spoiled)
    done = desk("verify", "--all", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["results"]) == (1, {"proven": 0, "broken": 1, "not proven": 1})
    assert [each["session"] for each in found["broken"]] == [spoiled["id"]]
    assert spoiled["id"] in tab(otto)
    tamper(database, live, "UPDATE inspections SET chain_length = 7 WHERE id = :id")
    assert json.loads(desk("verify", "--all", "--json").stdout)["results"]["broken"] == 2
    assert desk("verify").exit_code == desk("verify", live["id"], "--all").exit_code == 3
