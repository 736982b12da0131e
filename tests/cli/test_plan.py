"""`desk plan`: the same plan as on the page, and its bookings one by one."""

from datetime import timedelta

from sqlalchemy import insert, update

from app.depositions.actions import roster
from app.depositions.models import Manager, WorkingHours
from app.depositions.rules.roster import RosterFacts
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.cli.running import Desk
from tests.clocks import Clock
from tests.depositions import factories
from tests.depositions.pages import stored


def test_a_plan_is_proposed_and_booked(desk: Desk, database: Database, cast: Cast) -> None:
    assert desk.json("plan", "propose") == {"proposals": [], "nobody": [], "doubt": None}
    made = factories.request(database, cast, details={})
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
    [left] = desk.json("plan", "propose")["nobody"]
    assert left == {"id": made.id, "why": "there is nobody in the roster", "helps": ["Add managers to the roster."]}
    with database.write() as db:
        facts = RosterFacts("Ana Ruiz", "ana@example.com", "UTC", templates={"zoom": "https://zoom.example.com/{id}"})
        roster.add(db, facts, by=cast.actor("ines"), now=now())
    [proposed] = desk.json("plan", "propose")["proposals"]
    assert (proposed["manager"], proposed["booked"]) == ("Ana Ruiz", False)
    assert stored(database, made.id).state == "initial"
    [done] = desk.json("plan", "propose", "--yes")["proposals"]
    assert (done["booked"], stored(database, made.id).manager_name) == (True, "Ana Ruiz")
    assert desk.json("plan", "propose", "--away", "ana@example.com")["proposals"] == []
    assert desk("plan", "propose", "--away", "nobody@example.com").exit_code == 1


def test_the_capacity_of_the_team(desk: Desk, database: Database, cast: Cast, clock: Clock) -> None:
    clock.set(factories.at("2026-12-01 12:00"))
    made = factories.request(database, cast, starts_at=now() + timedelta(days=3))
    found = desk.json("plan", "capacity")
    assert len(found["days"]) == 15
    assert sum(day["waiting"] for day in found["days"]) == 1
    assert found["finding"].startswith("No manager has working hours")
    assert {day["can_be_held"] for day in found["days"]} == {None}
    with database.write() as db:
        hours = [{"manager_id": cast.managers["ines"].id, "weekday": n, "starts": 0, "ends": 1440} for n in range(7)]
        db.execute(insert(WorkingHours), hours)
    found = desk.json("plan", "capacity")
    (day,) = [day for day in found["days"] if day["waiting"]]
    assert day["day"] == f"{made.starts_at:%Y-%m-%d}"
    assert day["can_be_held"] >= 1
    assert day["expected"] is None
    words = desk("plan", "capacity").output
    assert "All that is asked for can be held. Too little history to expect more: 1 request in 8 weeks" in words
    assert "0 booked, 1 waiting;" in words
