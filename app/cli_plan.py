"""`desk plan`: who is to take the requests that wait, or the sessions of a manager who is away."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import NotFound, Refusal

if TYPE_CHECKING:
    from app.depositions.queries.planning import PlannedSession
    from app.kernel.db.engine import Database


@click.group(help="Plans for the depositions desk.")
def plan() -> None:
    pass


@command(plan, "propose")
@click.option("--away", metavar="EMAIL", help="The sessions of this manager within their absences instead.")
@click.option("--yes", "book", is_flag=True, help="Do it: each by itself. What needs a reason is left as it is.")
def propose_plan(output: Output, away: str | None, book: bool) -> None:
    """Propose who takes each request of the next 14 days, with reasons. Nothing is booked without --yes."""
    from app.depositions.queries import managers, planning
    from app.depositions.rules.plan.words import propose
    from app.depositions.rules.transitions import Span

    database, now = opened_database(), clock.now()
    with database.read() as db:
        manager = managers.by_email(db, away) if away else None
        if away and manager is None:
            raise NotFound("There is no manager with this address in the roster.")
        if manager:
            rows = planning.managed_while_away(db, manager, now)
        else:
            rows = planning.waiting(db, Span(now, now + planning.AHEAD))
        rows = rows[: planning.MOST]
        found = propose(planning.problem(db, rows, {}, without=manager.id if manager else 0))
    refused = _booked(database, rows, {one.session.id: one.manager_id for one in found.proposals}) if book else {}
    lines, facts = [], []
    for one in found.proposals:
        left = f" Left as it is: {refused[one.session.id]}" if one.session.id in refused else ""
        lines.append(f"{one.session.id} {one.session.name}: {one.manager}, {one.why}. {one.next_best}{left}")
        facts.append(
            {
                "id": one.session.id,
                "manager": one.manager,
                "why": one.why,
                "next_best": one.next_best,
                "booked": book and one.session.id not in refused,
                "refused": refused.get(one.session.id),
            }
        )
    nobody = [{"id": one.session.id, "why": one.why, "helps": list(one.helps)} for one in found.unplaced]
    lines += [
        f"{one.session.id} {one.session.name}: nobody, {one.why}. {' '.join(one.helps)}" for one in found.unplaced
    ]
    lines += [found.doubt] if found.doubt else []
    output.done(
        {"proposals": facts, "nobody": nobody, "doubt": found.doubt or None}, "\n".join(lines) or "Nothing to plan."
    )


@command(plan, "capacity")
def plan_capacity(output: Output) -> None:
    """Say what is asked for and expected on the next 15 business days, and how much of it managers can hold."""
    from app.depositions.queries import capacity as queries
    from app.depositions.rules.capacity import days as rules
    from app.kernel.text import datetimes

    database, now = opened_database(), clock.now()
    zone = database.config.desk_hours.zone
    with database.read() as db:
        found = queries.capacity(db, now, zone)
    today = datetimes.local(now, zone).date()
    lines, facts = [rules.finding(found, today)], []
    for one in found.days:
        expected = one.expected
        more = f", {rules.expected_words(expected)} expected" if expected else ""
        can = f"; {one.possible} can be held" if found.hours_known else ""
        lines.append(f"{datetimes.day(one.day, today)}: {one.booked} booked, {one.waiting} waiting{more}{can}")
        facts.append(
            {
                "day": one.day.isoformat(),
                "booked": one.booked,
                "waiting": one.waiting,
                "expected": {"mean": round(expected.mean, 3), "low": expected.low, "high": expected.high}
                if expected
                else None,
                "can_be_held": one.possible if found.hours_known else None,
                "hours_at_work": round(one.at_work / timedelta(hours=1), 2),
                "hours_taken": round(one.taken / timedelta(hours=1), 2),
            }
        )
    output.done({"finding": lines[0], "time_zone": zone, "days": facts}, "\n".join(lines))


def _booked(database: "Database", rows: Sequence["PlannedSession"], chosen: dict[int, int]) -> dict[int, str]:
    """Books each in a transaction of its own. Returns the sentences of those that were refused, by their ids."""
    from app.depositions.actions.give import Given, give
    from app.depositions.models import State
    from app.depositions.queries import managers

    refused = {}
    for row in rows:
        if row.id not in chosen:
            continue
        try:
            with database.write() as db:
                manager = managers.get(db, chosen[row.id])
                given = Given(row.id, manager, row.details.get("video_provider", ""), row.state == State.INITIAL)
                give(db, given, by=BY, now=clock.now(), version=row.version)
        except Refusal as refusal:
            refused[row.id] = refusal.detail
    return refused
