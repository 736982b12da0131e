"""Capacity without a database: a made-up history with a known answer, the published Poisson distribution, and what can
be held against trying everything."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.config import Hours as TeamHours
from app.dashboard.statistics import poisson_quantile
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.capacity import feasible
from app.depositions.rules.capacity.days import Capacity, capacity, finding
from app.depositions.rules.capacity.feasible import Load, Worker
from app.depositions.rules.capacity.forecast import Arrival, Expected, forecast, workdays
from app.depositions.rules.transitions import Span

TEAM = TeamHours()
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""A Tuesday."""
CALENDAR = workdays(date(2026, 9, 1), date(2027, 1, 30), TEAM, None)
FIRST = CALENDAR.index(date(2026, 12, 1))
NEXT = CALENDAR[FIRST : FIRST + 15]
WORKS = tuple(Hours(day, 9 * 60, 17 * 60) for day in range(5))


class Asked(NamedTuple):
    id: int
    state: str
    starts_at: datetime
    ends_at: datetime
    manager_id: int | None = None


def at(day, hour):
    return datetime(2026, 12, day, tzinfo=UTC) + timedelta(hours=hour)


def asked(id, day, hour, length=1.0, manager_id=None):
    state = "scheduled" if manager_id else "initial"
    return Asked(id, state, at(day, hour), at(day, hour + length), manager_id)


def worker(**facts):
    return Worker("UTC", **{"gap": timedelta(minutes=15), "hours": WORKS, **facts})


def history(n=1, lead=3, hour=9):
    """Requests that came at this hour on each of the last business days, so many business days before their own."""
    found = []
    for at in range(FIRST - 50, FIRST + 1):
        came, starts = (datetime(*CALENDAR[i].timetuple()[:3], hour, tzinfo=UTC) for i in (at, at + lead))
        found += [Arrival(came, starts + timedelta(hours=1))] * n
    return found


def means(arrivals, now=NOW):
    past = forecast(arrivals, now, "UTC", CALENDAR)
    return [round(expected.mean, 6) for expected in (past.expected(day) for day in NEXT)]


@pytest.mark.parametrize(
    ("mean", "low", "high"),
    # Where the cumulative Poisson distribution, as tables print it to four places, first reaches 0.1 and 0.9: of mean
    # 5 it is .0404 at 1, .1247 at 2, .8666 at 7, .9319 at 8; of 10 .0671 and .1301 at 5 and 6, .8645 and .9165 at 13
    # and 14; of 1 .3679 at 0, .7358 and .9197 at 1 and 2; of 0.1 .9048 at 0.
    [(0, 0, 0), (0.1, 0, 0), (0.5, 0, 1), (1, 0, 2), (2, 0, 4), (3, 1, 5), (5, 2, 8), (10, 6, 14), (20, 14, 26)],
)
def test_the_band_is_that_of_the_published_distribution(mean, low, high):
    assert (poisson_quantile(mean, 0.1), poisson_quantile(mean, 0.9)) == (low, high)


def test_of_a_large_mean_the_band_is_nearly_normal_and_found_at_once():
    assert abs(poisson_quantile(10_000, 0.9) - 10_128) <= 1
    assert abs(poisson_quantile(10_000, 0.1) - 9_872) <= 1


def test_a_history_with_a_known_answer():
    """One request each business day, at nine, three business days ahead: at noon one has yet to come for each day from
    the fourth on, for which it comes tomorrow or later; none for those before."""
    assert means(history()) == [0, 0, 0, 0, *[1] * 11]
    assert means(history(hour=13)) == [0, 0, 0, 1, *[1] * 11], "what comes at one in the afternoon is to come today"
    assert means([*history(n=2, lead=1), *history(n=3, lead=6)]) == [0, 0, *[2] * 5, *[5] * 8]
    past = forecast(history(n=5), NOW, "UTC", CALENDAR)
    assert past.expected(NEXT[9]) == Expected(5, 2, 8)
    assert past.expected(NEXT[2]) == Expected(0, 0, 0)


def test_what_came_on_a_weekend_belongs_to_the_business_day_before():
    saturday = [Arrival(datetime(2026, 11, 7, 12, tzinfo=UTC), datetime(2026, 11, 9, 15, tzinfo=UTC))] * 40
    assert means(saturday) == [0, *[1] * 14], "it comes after Tuesday noon, before Wednesday"
    friday = datetime(2026, 12, 4, 12, tzinfo=UTC)
    past = forecast(saturday, friday, "UTC", CALENDAR)
    assert [past.expected(day).mean for day in NEXT[3:6]] == [0, 1, 1]
    sunday = datetime(2026, 12, 6, 12, tzinfo=UTC)
    assert forecast(saturday, sunday, "UTC", CALENDAR).expected(NEXT[4]).mean == 0, "Saturday is over"


def test_requests_for_days_off_and_for_the_past_are_expected_of_no_business_day():
    off = [Arrival(NOW - timedelta(days=9, hours=n), datetime(2026, 11, 28, 12, tzinfo=UTC)) for n in range(20)]
    before = [Arrival(NOW - timedelta(hours=n), NOW - timedelta(days=28)) for n in range(20)]
    assert means([*off, *before]) == [0] * 15


def test_too_little_history():
    assert forecast(history()[-19:], NOW, "UTC", CALENDAR).expected(NEXT[9]) is None
    assert forecast(history()[-20:], NOW, "UTC", CALENDAR).expected(NEXT[9]) == Expected(0.5, 0, 1)
    old = [Arrival(one.came_at - timedelta(weeks=8), one.starts_at) for one in history(n=3)]
    assert forecast(old, NOW, "UTC", CALENDAR).expected(NEXT[9]) is None
    assert forecast([], NOW, "UTC", []).expected(NEXT[9]) is None


def test_of_a_history_that_was_cut_the_whole_days_count():
    newest = [one for one in history(n=3) if one.came_at > datetime(2026, 11, 17, 8, tzinfo=UTC)]
    past = forecast(newest, NOW, "UTC", CALENDAR, cut=True)
    assert past.expected(NEXT[9]).mean == 3


def test_a_clock_that_changes_and_a_zone_far_away_have_the_same_answer():
    arrivals = [Arrival(one.came_at - timedelta(hours=9), one.starts_at - timedelta(hours=9)) for one in history()]
    past = forecast(arrivals, datetime(2026, 12, 1, 3, tzinfo=UTC), "Asia/Tokyo", CALENDAR)
    assert [past.expected(day).mean for day in NEXT] == [0, 0, 0, 0, *[1] * 11]


def test_business_days_are_those_of_the_team_without_public_holidays():
    days = workdays(date(2026, 11, 24), date(2026, 12, 1), TEAM, "US")
    assert [day.day for day in days] == [24, 25, 27, 30, 1], "the 26th is Thanksgiving"
    gulf = TeamHours(days=frozenset({6, 0, 1, 2, 3}))
    assert [day.day for day in workdays(date(2026, 12, 3), date(2026, 12, 6), gulf, None)] == [3, 6]


def found(sessions, team, arrivals=()):
    return capacity(sessions, team, forecast(arrivals, NOW, "UTC", CALENDAR), NEXT, NOW, "UTC")


def of(result: Capacity, day):
    return next(one for one in result.days if one.day == date(2026, 12, day))


def test_seven_at_one_hour_and_five_people():
    """The sentence of the page: each is held at its own hour, however many hours of work there are."""
    result = found([asked(n, 10, 10) for n in range(1, 8)], {n: worker() for n in range(1, 6)})
    day = of(result, 10)
    assert (day.booked, day.waiting, day.feasible, day.possible, day.short) == (0, 7, 5, 5, True)
    assert day.at_work == timedelta(hours=40)
    assert finding(result, NOW.date()).startswith("Thu 10 Dec: 7 asked for, 5 can be held. Too little history")
    assert of(result, 9).possible == 5 * 8 * 4 // 5, "forty hours hold sessions of an hour and a quarter"


def test_the_time_between_two_sessions_counts_and_the_last_one_may_end_with_work():
    team = {1: worker(gap=timedelta(minutes=30))}
    assert of(found([asked(1, 10, 9), asked(2, 10, 10)], team), 10).feasible == 1
    assert of(found([asked(1, 10, 9), asked(2, 10, 10.5)], team), 10).feasible == 2
    assert of(found([asked(1, 10, 16)], team), 10).feasible == 1
    assert of(found([asked(1, 10, 16.25)], team), 10).feasible == 0, "it would last longer than work"
    early = found([asked(1, 10, 8)], team)
    assert of(early, 10).feasible == 0, "nobody is at work yet"
    assert "1 asked for, 0 can be held. 1 is for hours at which nobody is there." in finding(early, NOW.date())


def test_a_session_that_was_booked_outside_of_working_hours_is_held_by_its_manager():
    evening = asked(1, 10, 20, manager_id=1)
    assert of(found([evening], {1: worker()}), 10).feasible == 1
    assert of(found([evening], {1: worker(hours=())}), 10).feasible == 1
    assert of(found([evening, asked(2, 10, 20)], {1: worker()}), 10).feasible == 1
    assert of(found([evening, asked(2, 10, 20, manager_id=1)], {1: worker()}), 10).feasible == 1, "one place at a time"


def test_nobody_holds_a_session_while_they_are_away():
    away = worker(absences=(Away(date(2026, 12, 10), date(2026, 12, 10), ""),))
    booked = [asked(1, 10, 10, manager_id=1)]
    result = of(found(booked, {1: away}), 10)
    assert (result.feasible, result.room, result.at_work) == (0, 0, timedelta())
    assert of(found(booked, {1: away, 2: worker()}), 10).feasible == 1, "somebody else can take it"
    late = worker(absences=(Away(date(2026, 12, 11), date(2026, 12, 11), ""),))
    assert of(found([asked(1, 10, 22.9, manager_id=1)], {1: late}), 10).feasible == 1, "the time after it is nobody's"


def test_of_today_the_rest_counts():
    sessions = [asked(1, 1, 9, manager_id=1), asked(2, 1, 11.5, manager_id=1), asked(3, 1, 15)]
    today = of(found(sessions, {1: worker()}), 1)
    assert (today.booked, today.waiting, today.feasible) == (2, 1, 3)
    assert today.at_work == timedelta(hours=5)
    assert today.taken == timedelta(hours=2), "from noon to a quarter to one, and an hour and a quarter"


def test_what_is_expected_may_pass_what_can_be_held():
    team = {n: worker(hours=tuple(Hours(day, 540, 690) for day in range(5))) for n in (1, 2, 3)}
    sessions = [asked(1, 16, 9)]
    result = found(sessions, team, history(n=5))
    day = of(result, 16)
    assert (day.asked, day.possible, day.expected, day.short, day.may_be_short) == (
        1,
        6,
        Expected(5, 2, 8),
        False,
        True,
    )
    assert finding(result, NOW.date()) == (
        "All that is asked for can be held. "
        "Wed 16 Dec may be short: 1 asked for, 5 (2 to 8) more expected, 6 can be held."
    )


def test_words():
    nobody = found([asked(1, 10, 10)], {}, history())
    assert (
        finding(nobody, NOW.date()) == "No manager has working hours in the roster, so what can be held is not known."
    )
    calm = found([asked(1, 10, 10)], {1: worker()}, history())
    assert finding(calm, NOW.date()) == "All that is asked for can be held."
    two = found([asked(n, day, 10) for n, day in ((1, 10), (2, 10), (3, 1), (4, 1), (5, 1))], {1: worker()})
    assert finding(two, NOW.date()).startswith("Thu 10 Dec: 2 asked for, 1 can be held. Too little history to expect")
    short = found([asked(n, day, 14) for n, day in ((1, 10), (2, 10), (3, 1), (4, 1), (5, 1))], {1: worker()})
    assert finding(short, NOW.date()).startswith("Today: 3 asked for, 1 can be held. 1 more day is short. Too little")
    assert found([], {}).days[0].possible == 0


def test_the_worst_day_is_the_one_on_which_most_cannot_be_held():
    sessions = [asked(n, 10, hour) for n, hour in enumerate((9, 9, 11, 13, 15), 1)]
    sessions += [asked(10 + n, 11, 9) for n in range(3)]
    assert finding(found(sessions, {1: worker()}), NOW.date()).startswith("Fri 11 Dec: 3 asked for, 1 can be held.")


def test_nobody_is_there_until_the_end_of_what_lasts_longer_than_work():
    late = of(found([asked(1, 10, 16, 3)], {1: worker()}), 10)
    assert (late.feasible, late.alone) == (0, 1)
    clash = of(found([asked(1, 10, 10), asked(2, 10, 10)], {1: worker()}), 10)
    assert (clash.feasible, clash.alone) == (1, 0)


def test_what_waits_needs_the_time_between_that_is_usual_in_the_team():
    gaps = (0, 0, 15, 30, 30)
    team = {n: worker(gap=timedelta(minutes=each), hours=WORKS if n == 1 else ()) for n, each in enumerate(gaps, 1)}
    assert of(found([asked(1, 10, 9), asked(2, 10, 10)], team), 10).feasible == 1


quarter = st.integers(36, 72).map(lambda n: n / 4)
a_load = st.tuples(quarter, st.sampled_from([0.5, 1, 2, 4]))
a_shift = st.tuples(quarter, st.sampled_from([1, 3, 8]))


@settings(max_examples=200, deadline=None)
@given(st.lists(a_load, min_size=1, max_size=7), st.lists(a_shift, max_size=4))
def test_what_can_be_held_is_the_most_that_any_choice_holds(spans, shifts):
    loads = [Load(n, Span(at(8, begins), at(8, begins + length))) for n, (begins, length) in enumerate(spans)]
    people = [Span(at(8, begins), at(8, begins + length)) for begins, length in shifts]
    edges = sorted({edge for span in (*people, *(one.span for one in loads)) for edge in span_edges(span)})

    def possible(chosen):
        return all(
            sum(one.span.starts_at <= edge < one.span.ends_at for one in chosen)
            <= sum(span.starts_at <= edge < span.ends_at for span in people)
            for edge in edges
        )

    most = max(n for n in range(len(loads) + 1) if any(possible(each) for each in combinations(loads, n)))
    kept = feasible.feasible(loads, people)
    assert possible([one for one in loads if one.id in kept])
    assert len(kept) == most


def span_edges(span):
    return span.starts_at, span.ends_at


@settings(max_examples=100, deadline=None)
@given(st.lists(a_load, max_size=6), st.lists(a_shift, min_size=1, max_size=4))
def test_free_time_is_counted_quarter_by_quarter(spans, shifts):
    people = [Span(at(8, begins), at(8, begins + length)) for begins, length in shifts]
    loads = [Load(n, Span(at(8, begins), at(8, begins + length))) for n, (begins, length) in enumerate(spans)]
    kept = [one for one in loads if one.id in feasible.feasible(loads, people)]
    days = {n: Span(at(n, 0), at(n + 1, 0)) for n in (8, 9)}
    free = feasible.free(people, people, kept, days)
    slow = Counter[int]()
    for n in range(48 * 4):
        moment = at(8, n / 4)
        there = sum(span.starts_at <= moment < span.ends_at for span in people)
        busy = sum(one.span.starts_at <= moment < one.span.ends_at for one in kept)
        slow[8 + n // 96] += max(0, there - busy)
    assert free == {n: timedelta(minutes=15 * slow[n]) for n in days}
