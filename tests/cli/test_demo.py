"""`desk demo load`: believable, the same every time, refused in production; `desk check counts`."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.kernel.db.engine import Database
from tests import demo_data
from tests.cli.running import Desk
from tests.clocks import Clock

SHAPE = {"slug", "name", "plan", "self_service", "keys"}
HTTPS = {
    "PUBLIC_BASE_URL": "https://desk.example.com",
    "SECRET_KEY": "x" * 40,
    "OTP_PEPPER": "y" * 40,
    "SMTP_URL": "smtp://localhost",
    "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_loads_and_repeats(desk: Desk, database: Database, clock: Clock) -> None:
    clock.set(datetime(2044, 2, 29, 23, 59, 59, tzinfo=UTC))  # no day in it may be printed: one was, and too early
    first = desk.json("demo", "load")
    assert first == desk.json("demo", "load")
    assert "Loaded already." in desk("demo", "load").stdout
    assert {"organizations", "people"} == set(first)
    assert len(first["organizations"]) >= 3
    for each in first["organizations"]:
        assert set(each) == SHAPE
        assert {key["product"] for key in each["keys"]} == {"depositions", "prescreens", "inspections"}
        assert all(set(key) == {"product", "key", "scopes"} for key in each["keys"])
    writing = [each for each in first["organizations"] if each["plan"] in ("pro", "scale")]
    assert len(writing) >= 2
    assert any(each["self_service"] for each in first["organizations"])
    roles = {"scheduler", "leasing_agent", "leasing_lead", "operator", "admin", "auditor"}
    assert {one["role"] for one in first["people"]} == roles
    assert all(set(one) == {"email", "password", "role", "organization"} for one in first["people"])


@pytest.mark.slow
@pytest.mark.filled(by=(demo_data.load,))
def test_what_was_loaded_is_known_again(desk: Desk, database: Database) -> None:
    assert "Loaded already." in desk("demo", "load").stdout
    another_secret_key_is_noticed(desk)
    a_wrong_counter_is_found(desk, database)


def another_secret_key_is_noticed(desk: Desk) -> None:
    done = desk("demo", "load", "--json", SECRET_KEY="another secret key of more than 32 characters")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["code"] == "demo.other_data"


def a_wrong_counter_is_found(desk: Desk, database: Database) -> None:
    assert desk("check", "counts").exit_code == 0
    with database.write() as db:
        db.execute(text("UPDATE deposition_counts SET n = n + 3 WHERE n = (SELECT max(n) FROM deposition_counts)"))
    done = desk("check", "counts", "--json")
    assert done.exit_code == 1
    printed = json.loads(done.stdout)
    assert printed["equal"] is False
    assert all(each["kept"] == each["counted"] + 3 for each in printed["differences"])


def test_refused_in_production(desk: Desk) -> None:
    done = desk("demo", "load", **HTTPS)
    assert done.exit_code == 1
    assert "not loaded in production" in done.stderr


def test_a_bad_environment_is_a_sentence(desk: Desk) -> None:
    done = desk("demo", "load", PUBLIC_BASE_URL="https://desk.example.com")
    assert done.exit_code == 1
    assert "SECRET_KEY is missing" in done.stderr
