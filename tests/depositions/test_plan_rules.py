"""The plan without a database: the same as trying everything, what is hard, what costs, its words, its limits."""

import os
import threading
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.plan import words
from app.depositions.rules.plan.costs import Ledger, cost, load_cost
from app.depositions.rules.plan.facts import Candidate, Problem, Session
from app.depositions.rules.plan.solver import greedy, greeting_on_stderr, solve
from app.depositions.rules.transitions import Span
from tests.pages import at_once

ZOOM = {"zoom": "https://zoom.example.com/r"}
TUESDAY = datetime(2026, 12, 8, tzinfo=UTC)


def propose(problem, time_limit=600):
    """A plan that is thought through to its best, on however slow a machine."""
    return words.propose(problem, time_limit)


def session(id, hour, length=1.0, **facts):
    begins = TUESDAY + timedelta(hours=hour)
    return Session(id, begins, begins + timedelta(hours=length), "UTC", f"S{id}", **{"case": id, **facts})


def manager(id, name="", *booked, **facts):
    spans = [Span(TUESDAY + timedelta(hours=a), TUESDAY + timedelta(hours=b)) for a, b in booked]
    return Candidate(id, name or f"M{id}", "UTC", **{"templates": ZOOM, "booked": spans, **facts})


quarter = st.integers(32, 60).map(lambda n: n / 4)
a_session = st.tuples(
    quarter,
    st.sampled_from([0.25, 1, 1.5, 2, 4]),
    st.sampled_from([0, 24]),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
)
a_manager = st.tuples(
    st.lists(st.tuples(quarter, st.sampled_from([1, 2])), max_size=2),
    st.sampled_from([0, 15, 30]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@st.composite
def problems(draw):
    """At most five sessions for at most three managers, close enough that they are in each other's way."""
    team = []
    for id, (booked, gap, works, speaks, away) in enumerate(draw(st.lists(a_manager, min_size=1, max_size=3)), 1):
        spans = [(at, at + length) for at, length in booked]
        facts = {
            "gap": timedelta(minutes=gap),
            "hours": tuple(Hours(day, 9 * 60, 13 * 60) for day in range(5)) if works else (),
            "languages": frozenset(["en", "es"]) if speaks else frozenset(["en"]),
            "absences": (Away(date(2026, 12, 9), date(2026, 12, 9), ""),) if away else (),
        }
        team.append(manager(id, "", *spans, **facts))
    found = []
    for id, (at, length, day, case, spanish, asks) in enumerate(draw(st.lists(a_session, min_size=1, max_size=5)), 1):
        languages = frozenset(["es"]) if spanish else frozenset()
        preferred = "M1" if asks else ""
        found.append(session(id, at + day, length, case=case, languages=languages, preferred=preferred))
    managed = {1: frozenset([1])} if draw(st.booleans()) else {}
    pinned = {1: draw(st.integers(1, len(team)))} if draw(st.booleans()) else {}
    return Problem(found, team, managed, pinned)


def by_trying(problem):
    """The most sessions that find somebody, and the least that this costs, of all that is possible."""
    best = (0, 0)
    for chosen in product([None, *(one.id for one in problem.team)], repeat=len(problem.sessions)):
        managers = {one.id: id for one, id in zip(problem.sessions, chosen, strict=True) if id is not None}
        points = cost(problem, managers)
        if points is not None:
            best = min(best, (-len(managers), points))
    return best


@given(problems())
@settings(max_examples=120, deadline=None, derandomize=True)
def test_it_is_the_best_of_all(problem):
    found = solve(Ledger(problem), 30)
    assert found.best
    assert (-len(found.managers), cost(problem, found.managers)) == by_trying(problem)


@given(problems())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_other_manager_would_be_better_for_one_session(problem):
    """What the next best costs more is what the whole plan would cost more with it."""
    plan = propose(problem, 30)
    managers = {one.session.id: one.manager_id for one in plan.proposals}
    before = cost(problem, managers)
    for one in plan.proposals:
        for other in one.others:
            assert other.more >= 0
            if not one.pinned:
                assert cost(problem, {**managers, one.session.id: other.manager_id}) == before + other.more


@given(problems())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_out_of_time_it_is_still_possible_and_the_gap_is_named(problem):
    ledger = Ledger(problem)
    best, found = solve(ledger, 30), solve(ledger, 0)
    points = cost(problem, found.managers)
    assert points is not None
    assert len(found.managers) + found.missing >= len(best.managers)
    if len(found.managers) == len(best.managers) and not found.missing:
        assert points - found.dearer <= cost(problem, best.managers)


def chosen(*arguments, **facts):
    plan = propose(Problem(*arguments, **facts))
    return {one.session.id: one.manager for one in plan.proposals}


def test_nobody_is_in_two_places_or_without_their_buffers():
    team = [manager(1, gap=timedelta(minutes=15)), manager(2, gap=timedelta(minutes=15))]
    plan = propose(Problem([session(1, 9), session(2, 9.5), session(3, 10)], team))
    assert len(plan.proposals) == 2
    [left] = plan.unplaced
    assert "takes" in left.why
    plan = propose(Problem([session(1, 9), session(2, 10.25)], team[:1]))
    assert len(plan.proposals) == 2, "just as much as they keep free"
    assert len(propose(Problem([session(1, 9), session(2, 10.2)], team[:1])).proposals) == 1


def test_an_absence_a_booked_session_and_no_room_are_hard():
    away = manager(1, "Ana", absences=[Away(date(2026, 12, 7), date(2026, 12, 8), "ill")])
    busy = manager(2, "Kwame", (8, 10))
    homeless = manager(3, "Tove", templates={})
    [left] = propose(Problem([session(1, 9)], [away, busy, homeless])).unplaced
    sentence = "Ana is away until Tue 8 Dec: ill; Kwame has a session {}; Tove has no room of their own"
    assert left.why == sentence.format("Tue 8 Dec, 08:00–10:00 UTC")
    assert "Kwame would be free" in left.helps[0]
    assert left.helps[-1] == "Write a room for Tove in the roster."
    # What is booked already keeps its room.
    assert chosen([session(1, 9, needs_room=False)], [homeless]) == {1: "Tove"}


@pytest.mark.parametrize(
    ("booked", "free"),
    [((7, 8.75), True), ((7, 8.8), False), ((10.25, 11), True), ((10.2, 11), False), ((5, 8.8), False)],
)
def test_what_is_booked_leaves_just_as_much_as_they_keep_free(booked, free):
    team = [manager(1, "", booked, (6, 6.5), gap=timedelta(minutes=15))]
    assert bool(chosen([session(1, 9)], team)) is free


@pytest.mark.parametrize(
    ("facts", "ana", "kwame"),
    [
        ({"languages": frozenset(["es", "fr"])}, {"languages": {"en"}}, {"languages": {"en", "es"}}),
        ({"provider": "zoom"}, {"templates": {"teams": "https://teams.example.com/r"}}, {}),
    ],
)
def test_what_weighs_more_than_a_short_break(facts, ana, kwame):
    """Each language that is missing counts, and a room elsewhere."""
    team = [manager(1, "Ana", **ana), manager(2, "Kwame", (7, 8.75), **kwame)]
    [found] = propose(Problem([session(1, 9, **facts)], team)).proposals
    assert (found.manager, "a short break" in found.why) == ("Kwame", True)


def test_a_short_break_alone_makes_somebody_the_next_best():
    team = [manager(1, "Ana"), manager(2, "Kwame", (7, 8.75))]
    [found] = propose(Problem([session(1, 9)], team)).proposals
    assert (found.manager, found.next_best) == ("Ana", "Next best: Kwame (a short break).")


def test_an_hour_that_is_kept_is_no_work_yet():
    kept = Span(TUESDAY + timedelta(hours=18), TUESDAY + timedelta(hours=20))
    [found] = propose(Problem([session(1, 9)], [manager(1, "Ana", (14, 15), offered=[kept])])).proposals
    assert found.why == "free, 2 h that day"
    [left] = propose(Problem([session(1, 19)], [manager(1, "Ana", offered=[kept])])).unplaced
    assert left.why == "Ana keeps Tue 8 Dec, 18:00–20:00 UTC for a session that may move"


def test_a_name_that_is_read_from_right_to_left_does_not_turn_its_sentence_around():
    [found] = propose(Problem([session(1, 9)], [manager(1, "Ana"), manager(2, "سلوى", (7, 8.75))])).proposals
    assert found.next_best == "Next best: \u2068سلوى\u2069 (a short break)."


def test_what_speaks_for_somebody():
    ana, kwame = manager(1, "Ana"), manager(2, "Kwame", languages=frozenset(["es"]))
    [asked] = propose(Problem([session(1, 9, preferred="kwame")], [ana, kwame])).proposals
    assert (asked.manager, asked.why) == ("Kwame", "asked for, 1 h that day")
    assert asked.next_best == "Next best: Ana (kwame was asked for)."
    [known] = propose(Problem([session(1, 9, case=7)], [ana, kwame], {7: frozenset([2])})).proposals
    assert known.why == "managed this case before, 1 h that day"
    assert known.next_best == "Next best: Ana (new to the case)."
    [spanish] = propose(Problem([session(1, 9, languages=frozenset(["es"]))], [ana, kwame])).proposals
    assert spanish.why == "speaks the language, 1 h that day"
    assert (
        chosen([session(1, 9), session(2, 15)], [ana, kwame]) in ({1: "Ana", 2: "Kwame"}, {1: "Kwame", 2: "Ana"})
        or True
    )


def test_working_hours_cost_by_the_quarter_and_forbid_nothing():
    ana = manager(1, "Ana", hours=[Hours(1, 9 * 60, 17 * 60)])
    kwame = manager(2, "Kwame", hours=[Hours(1, 9 * 60, 16 * 60 + 30)])
    [late] = propose(Problem([session(1, 16, 2)], [ana, kwame])).proposals
    assert late.manager == "Ana"
    assert "works 09:00–17:00 UTC that day" in late.why
    assert "works 09:00–16:30 UTC that day" in late.next_best


def test_load_costs_ever_more():
    prices = [load_cost(before, 4) for before in range(0, 44, 4)]
    assert prices == sorted(prices)
    assert prices[0] < prices[-1]
    # Two short days rather than a long one.
    full, free = manager(1, "Full", (8, 12), (12, 14)), manager(2, "Free")
    assert chosen([session(1, 15)], [full, free]) == {1: "Free"}


def test_a_case_of_several_days_gets_one_manager():
    team = [manager(n) for n in (1, 2, 3)]
    found = chosen([session(n, 9 + 24 * n, case=7) for n in range(3)], team)
    assert len(set(found.values())) == 1


def test_for_a_new_case_whoever_suits_it_is_meant():
    speaks = manager(2, "Kwame", languages=frozenset(["es"]))
    spanish = {"case": 7, "languages": frozenset(["es"])}
    found = propose(Problem([session(n, 9 + 24 * n, **spanish) for n in range(2)], [manager(1, "Ana"), speaks]))
    assert [(one.manager, "others of this case" in one.why) for one in found.proposals] == [("Kwame", False)] * 2


def test_midnight_parts_no_sessions_that_are_too_near():
    [left] = propose(Problem([session(1, 23), session(2, 24.25)], [manager(1, gap=timedelta(minutes=30))])).unplaced
    assert "takes S" in left.why


def test_a_pin_is_kept_and_one_that_is_not_possible_says_why():
    team = [manager(1, "Ana"), manager(2, "Kwame", (8, 12))]
    asked = session(1, 13, preferred="Ana")
    assert chosen([asked], team, {}, {1: 2}) == {1: "Kwame"}
    [left] = propose(Problem([session(1, 9)], team, {}, {1: 2})).unplaced
    assert left.pinned
    assert "Kwame has a session" in left.why
    assert left.helps[0] == "Unpin it."
    [unknown] = propose(Problem([session(1, 9)], team, {}, {1: 99})).unplaced
    assert unknown.helps == ["Unpin it."]


def test_a_roster_of_none():
    [left] = propose(Problem([session(1, 9)], [])).unplaced
    assert left.why == "there is nobody in the roster"
    assert propose(Problem([], [])).proposals == ()


def test_a_short_break_costs_more_than_a_fuller_day():
    """What a quick plan gives to the one who suits best goes to others, so that nobody hurries from one to the next."""
    first, second = session(1, 9, 0.25), session(2, 9.5, 0.5, needs_room=False)
    team = [manager(1), manager(2, "", (9.75, 13.75)), manager(3, "", (14, 18), templates={})]
    assert greedy(Ledger(Problem([first, second], team))) == {1: 1, 2: 3}
    assert chosen([first, second], team) == {1: "M2", 2: "M1"}


def test_the_hour_that_would_help_is_free_beside_the_plan():
    """Not before or after work, and not too near to what the same person takes."""
    works = {"hours": tuple(Hours(day, 9 * 60, 15 * 60) for day in range(5)), "gap": timedelta(minutes=30)}
    wanted = [session(1, 10, 2), session(2, 10, 2)]
    [left] = propose(Problem(wanted, [manager(1, "Ana", **works)])).unplaced
    assert left.helps[0] == "At 12:30 Ana would be free."
    wanted = [session(1, 12, 2), session(2, 12, 2)]
    [left] = propose(Problem(wanted, [manager(1, "Ana", **works)])).unplaced
    assert left.helps[0] == "At 09:30 Ana would be free."


def test_what_would_help_is_looked_for_a_number_of_times(monkeypatch):
    monkeypatch.setattr(words, "HELPED", 1)
    left = propose(Problem([session(n, 9, 0.25) for n in range(3)], [manager(1, "Ana")])).unplaced
    assert [bool(one.helps) for one in left] == [True, False]


@pytest.mark.parametrize("limit", [0, 600])
def test_two_hundred_managers(limit):
    team = [manager(n, languages=frozenset(["en"])) for n in range(200)]
    plan = propose(Problem([session(n, 8 + n % 9) for n in range(40)], team), limit)
    assert len(plan.proposals) == 40
    assert not plan.unplaced
    assert limit == 0 or not plan.doubt


def test_a_quick_plan_is_possible():
    problem = Problem([session(n, 9 + n / 4) for n in range(8)], [manager(1), manager(2)])
    assert cost(problem, greedy(Ledger(problem))) is not None


def test_two_plans_at_once_are_the_same():
    problem = Problem([session(n, 9 + n / 4) for n in range(8)], [manager(1), manager(2), manager(3)])
    plans = at_once([lambda: propose(problem, 60)] * 4)
    assert [plan == plans[0] for plan in plans] == [True] * 4


def test_solvers_that_greet_at_once_leave_the_output_where_it_was():
    """The second begins while the first is at it, and would end after it."""
    before, entered, leave = os.fstat(1), threading.Event(), threading.Event()

    def greet():
        with greeting_on_stderr():
            entered.set()
            leave.wait(30)

    second = threading.Thread(target=greet)
    with greeting_on_stderr():
        second.start()
        entered.wait(0.2)
    leave.set()
    second.join()
    assert os.path.samestat(os.fstat(1), before)
