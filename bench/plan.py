"""`./dev bench plan`: what a plan costs, whole and the solver alone, in CPU seconds, on made-up problems."""

import random
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.plan.facts import Candidate, Problem, Session
from app.depositions.rules.plan.words import propose
from app.depositions.rules.transitions import Span

SIZES = ((200, 20), (200, 12), (200, 200))
SEEDS = (1, 2, 3)
ZONES = ("America/New_York", "America/Los_Angeles", "America/Chicago", "Europe/London")
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


def problem(sessions: int, managers: int, seed: int) -> Problem:
    """Two weeks of requests in office hours: wishes, languages, cases of several sessions, bookings, absences."""
    chance = random.Random(seed)
    names = [f"Manager {n}" for n in range(managers)]
    cases = sessions * 2 // 3

    def begins() -> datetime:
        day = chance.choice([n for n in range(14) if n % 7 < 5])
        return MONDAY + timedelta(days=day, hours=14, minutes=15 * chance.randrange(36))

    asked = []
    for id in range(sessions):
        at = begins()
        asked.append(
            Session(
                id,
                at,
                at + timedelta(minutes=15 * chance.choice([4, 5, 6, 8, 8, 12, 16])),
                chance.choice(ZONES),
                case=chance.randrange(cases),
                preferred=chance.choice(names) if chance.random() < 0.3 else "",
                languages=frozenset(["es"] if chance.random() < 0.2 else []),
            )
        )
    team = []
    for id, name in enumerate(names):
        starts = [begins() for _ in range(8)]
        team.append(
            Candidate(
                id,
                name,
                chance.choice(ZONES),
                timedelta(minutes=chance.choice([15, 15, 30])),
                tuple(Hours(day, 9 * 60, 17 * 60 + 30) for day in range(5)),
                (Away(date(2026, 12, 3), date(2026, 12, 4), ""),) if chance.random() < 0.2 else (),
                frozenset(["en", "es"] if chance.random() < 0.4 else ["en"]),
                {"zoom": "https://zoom.example.com"},
                tuple(Span(at, at + timedelta(hours=chance.choice([1, 2]))) for at in starts),
            )
        )
    managed = {case: frozenset([chance.randrange(managers)]) for case in range(0, cases, 3)}
    return Problem(asked, team, managed)


def main() -> int:
    import highspy

    spent, run = [0.0], highspy.Highs.run

    def timed(solver: Any) -> Any:
        began = time.process_time()
        try:
            return run(solver)
        finally:
            spent[0] += time.process_time() - began

    highspy.Highs.run = timed
    print("requests × managers | find somebody | whole, CPU s | solver alone | known to be the best")
    for sessions, managers in SIZES:
        for seed in SEEDS:
            asked, spent[0] = problem(sessions, managers, seed), 0.0
            began = time.process_time()
            plan = propose(asked, 60)
            whole = time.process_time() - began
            best = "no" if plan.doubt else "yes"
            print(
                f"{sessions} × {managers} | {len(plan.proposals)} | {whole:.2f} | {spent[0]:.2f} | {best}", flush=True
            )
    return 0
