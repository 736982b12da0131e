"""Charts: arithmetic that never lies about nothing, one huge number, or few."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard import captions, charts, estimates
from app.dashboard.weeks import Week, week_of
from app.kernel.db.hourly_stats import DAY, HOUR, MINUTE, WAITS

TODAY = date(2026, 11, 24)
NUMBERS = st.integers(0, 10**9)
TWO = (["series-1"] * 14, ["series-2"] * 14)
MONDAY, GULF = Week(), Week(5, frozenset((4, 5)))


def days(n: int, week: Week = MONDAY) -> list[charts.Slot]:
    """So many days, today the last."""
    return charts.slots(TODAY - timedelta(days=n - 1), TODAY, TODAY, week)


def columns_of(slots: list[charts.Slot]) -> list[charts.Column]:
    return [slot.column for slot in slots]


def test_nothing_has_no_ticks_and_no_bars() -> None:
    assert charts.ticks(0) == []
    assert charts.bars(columns_of(days(14)), TWO, ([0] * 14, [0] * 14)).boxes == ()
    assert {box.tone for box in charts.steps(("a", "b"), (0, 0)).boxes} == {"track"}
    assert charts.ranges(columns_of(days(14)), [None] * 14, [""] * 14).dots == ()


@given(st.integers(1, 10**9))
def test_ticks_are_few_round_and_within(top: int) -> None:
    found = charts.ticks(top)
    assert 1 <= len(found) <= 3
    assert found == sorted(set(found))
    assert all(0 < tick <= top for tick in found)
    assert str(found[0]).rstrip("0") in {"1", "2", "5"}


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=14, max_size=14))
def test_bars_stay_in_the_picture_and_nothing_is_negative(values: list[tuple[int, int]]) -> None:
    picture = charts.bars(columns_of(days(14)), TWO, ([a for a, _ in values], [b for _, b in values]))
    for box in picture.boxes:
        assert box.height >= 1
        assert box.width > 0
        assert 0 <= box.x <= box.x + box.width <= charts.PLOT + 0.01
        assert charts.TOP - 4 <= box.y <= charts.BASE
    assert len(picture.boxes) == sum(1 for pair in values for n in pair if n)


def test_the_least_beside_the_huge_still_shows() -> None:
    assert charts.height_of(1, 1_000_000) == 2
    assert charts.height_of(1_000_000, 1_000_000) == charts.BASE - charts.TOP


@pytest.mark.parametrize(("length", "bars"), [(7, 7), (14, 14), (30, 30), (90, 14)])
def test_slots_cover_the_span_without_holes(length: int, bars: int) -> None:
    slots = days(length)
    assert len(slots) == bars
    covered = [s.first + timedelta(days=n) for s in slots for n in range((s.last - s.first).days + 1)]
    assert covered == [TODAY - timedelta(days=length - 1 - n) for n in range(length)]
    assert [slot.today for slot in slots] == [False] * (bars - 1) + [True]


@pytest.mark.parametrize(("week", "first"), [(MONDAY, 0), (GULF, 5)])
def test_weeks_begin_as_in_the_readers_country(week: Week, first: int) -> None:
    weeks = days(90, week)
    assert {slot.first.weekday() for slot in weeks[1:]} == {first}
    shown = days(30, week)
    assert {s.first.weekday() for s in shown if s.column.weekend} == week.weekend
    assert {s.first.weekday() for s in shown if s.column.labels not in ((), ("today",))} == {first}


@pytest.mark.parametrize(
    ("zone", "first", "weekend"),
    [
        ("Europe/Paris", 0, {5, 6}),
        ("America/Los_Angeles", 6, {5, 6}),
        ("Africa/Cairo", 5, {4, 5}),
        ("Asia/Dubai", 0, {5, 6}),
        ("Asia/Kolkata", 6, {6}),
        ("UTC", 0, {5, 6}),
    ],
)
def test_a_zone_has_the_week_of_its_country(zone: str, first: int, weekend: set[int]) -> None:
    assert week_of(zone) == Week(first, frozenset(weekend))


NAMES = ("Marston Litigation", "x" * 200, "الخليج للتأمين")
LINKS = [charts.Link(f"/{n}", f"{n} requests") for n in range(14)]
PICTURES = {
    "bars": charts.bars(columns_of(days(14)), TWO, ([10**6] * 14, list(range(14))), LINKS),
    "ranges": charts.ranges(
        columns_of(days(14)),
        [estimates.Spread(12, HOUR * (n + 1), MINUTE, 40 * DAY) for n in range(14)],
        ["1 h"] * 14,
        LINKS,
    ),
    "steps": charts.steps(NAMES, (9, 4, 0), LINKS[:3]),
    "shares": charts.shares(NAMES, (0, 3, 7), (1, 300, 7), LINKS[:3]),
    "cells": charts.cells(("E-mail", "SMS", "Webhook"), columns_of(days(30)), [["series-2"] * 30] * 3),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_every_picture_keeps_to_the_plot_and_leaves_the_gutter_to_numbers(kind: str) -> None:
    picture = PICTURES[kind]
    edge = charts.PLOT + 0.01
    assert all(0 <= b.x <= b.x + b.width <= edge for b in (*picture.boxes, *picture.grounds))
    assert all(0 <= s.x1 <= s.x2 <= edge and max(s.y1, s.y2) <= picture.height for s in picture.strokes)
    assert all(0 <= d.x <= edge and 0 < d.y < picture.height for d in picture.dots)
    assert all(0 < w.y <= picture.height for w in picture.words)
    assert all(w.anchor == "end" for w in picture.words if w.x > edge)
    assert all(len(w.text) <= charts.LONGEST for w in picture.words)


@pytest.mark.parametrize("kind", PICTURES)
def test_no_name_stands_on_a_bar(kind: str) -> None:
    picture = PICTURES[kind]
    on_bars = [
        (word.text, box)
        for word in picture.words
        for box in picture.boxes
        if box.x <= word.x <= box.x + box.width and word.y - 9 < box.y + box.height and box.y < word.y
    ]
    assert not on_bars


def test_areas_cover_their_column_and_have_the_number_in_words() -> None:
    areas = PICTURES["bars"].areas
    assert [(a.url, a.text) for a in areas] == [(link.url, link.text) for link in LINKS]
    assert [round(a.x + a.width, 6) for a in areas[:-1]] == [round(a.x, 6) for a in areas[1:]]


def test_a_percentile_lies_in_its_bucket() -> None:
    one_hour_to_two = WAITS.index(2 * HOUR) + 1
    assert estimates.percentile({}, 0.5) is None
    assert estimates.percentile({one_hour_to_two: 0}, 0.5) is None
    assert estimates.percentile({one_hour_to_two: 4}, 0.5) == 1.5 * HOUR
    assert estimates.percentile({len(WAITS) + 1: 3}, 0.5) == WAITS[-1]


@given(st.dictionaries(st.integers(1, len(WAITS) + 1), st.integers(1, 1000), min_size=1))
def test_nine_of_ten_wait_no_less_than_half_of_them(waits: dict[int, int]) -> None:
    half, most = estimates.percentile(waits, 0.5), estimates.percentile(waits, 0.9)
    assert half is not None
    assert most is not None
    assert 0 <= half <= most <= WAITS[-1]


@given(st.dictionaries(st.integers(1, len(WAITS) + 1), st.integers(0, 1000)))
def test_bands_hold_every_wait_once(waits: dict[int, int]) -> None:
    found = estimates.bands(waits, (HOUR, 4 * HOUR, DAY))
    assert sum(found) == sum(waits.values())
    assert min(found) >= 0
    assert found[-1] == estimates.longer_than(waits, DAY)


@pytest.mark.parametrize(
    ("part", "total", "caption"),
    [(2, 3, ""), (0, 0, ""), (5, 10, "50%"), (10, 10, "100%"), (0, 10, "0%"), (999, 1000, "99%"), (1, 1000, "1%")],
)
def test_few_are_not_said_in_per_cent(part: int, total: int, caption: str) -> None:
    assert estimates.share(part, total) == caption


@pytest.mark.parametrize(
    ("part", "total", "low", "high"),
    [
        # R. G. Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998), method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_wilsons(part: int, total: int, low: float, high: float) -> None:
    assert estimates.interval(part, total) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(0, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_an_interval_holds_its_share(counted: tuple[int, int]) -> None:
    part, total = counted
    low, high = estimates.interval(part, total)
    assert 0 <= low <= (part / total if total else 0.5) + 1e-12 <= high + 2e-12
    assert high <= 1


def test_fewer_than_ten_have_no_tenth() -> None:
    bucket = WAITS.index(2 * HOUR) + 1
    nine, ten = estimates.spread_of({bucket: 9}), estimates.spread_of({bucket: 10})
    assert nine == estimates.Spread(9, 1.5 * HOUR)
    assert ten == estimates.Spread(10, 1.5 * HOUR, pytest.approx(1.1 * HOUR), pytest.approx(1.9 * HOUR))
    assert estimates.spread_of({}) is None


@given(st.sampled_from((0, *WAITS)), st.sampled_from((*WAITS, None)))
def test_a_band_has_the_buckets_between_its_edges(low: int, high: int | None) -> None:
    found = estimates.buckets(low, high)
    uppers = [*WAITS, None]
    assert found == [
        n
        for n, (begin, end) in enumerate(zip((0, *WAITS), uppers, strict=True), 1)
        if begin >= low and (high is None or (end is not None and end <= high))
    ]


def test_sentences_are_quiet_where_nothing_stands_out() -> None:
    slots = days(7)
    assert captions.fullest(slots, [0] * 7, "request") == ""
    assert captions.fullest(slots, [3, 3, 0, 0, 0, 0, 0], "request") == ""
    assert captions.fullest(slots, [0, 0, 0, 0, 0, 0, 4], "request") == "Today has the most, 4 requests."
    weeks = days(90)
    assert captions.fullest(weeks, [*[0] * 12, 7, 2], "request") == "The week of 16 Nov has the most, 7 requests."
    assert captions.waited(None, 0, "scheduled") == "Nothing was scheduled in this time."
    few = estimates.Spread(3, HOUR)
    assert captions.waited(few, 1, "scheduled").startswith("Too few for more than this: 3 were scheduled.")
    assert captions.lost(("invited", "opened", "in"), (64, 61, 56)) == " Most are lost before “in”: 5."
    assert captions.lost(("invited", "opened", "in"), (2, 1, 1)) == ""


def test_one_that_differs_is_named_and_chance_is_not() -> None:
    names = ("Two-bedroom", "Studio")
    caption = captions.apart(names, (31, 5), (40, 25), "approved", "is approved")
    assert caption == "36 of 65 approved, 55%. Studio is approved less often than the others."
    assert captions.apart(names, (2, 0), (3, 2), "approved", "is approved") == "2 of 5 approved."
    same = captions.apart(names, (6, 4), (10, 10), "approved", "is approved")
    assert same == "10 of 20 approved, 50%. None differs by more than chance."


def test_a_slow_week_is_named_and_weeks_of_few_say_nothing() -> None:
    weeks = days(90)[-3:]
    usual = estimates.Spread(20, 5 * HOUR, HOUR, 10 * HOUR)
    slow = estimates.Spread(31, 6 * HOUR, HOUR, 2 * DAY)
    assert captions.by_week(weeks, [usual, usual, slow], "scheduled") == (
        "Half within about 5 h to 6 h. The slowest tenth took over 2 d in the week of 23 Nov."
    )
    assert captions.by_week(weeks, [usual, usual, None], "scheduled") == "Half within about 5 h."
    few = estimates.Spread(3, 9 * DAY)
    assert captions.by_week(weeks, [few, None, usual], "scheduled").startswith("Only the week of 23 Nov has 10 or more")
    assert captions.by_week(weeks, [few, None, None], "scheduled").startswith("Each week has fewer than 10")
    assert captions.by_week(weeks, [None] * 3, "scheduled") == "Nothing was scheduled in this time."


@pytest.mark.parametrize(
    ("seconds", "caption"),
    [(None, ""), (20, "1 min"), (750, "12 min"), (5 * HOUR + 620, "5 h 10 min"), (3 * DAY + 6.4 * HOUR, "3 d 6 h")],
)
def test_a_wait_is_said_no_finer_than_it_is_known(seconds: float | None, caption: str) -> None:
    assert captions.about(seconds) == caption


def test_more_fewer_and_as_many() -> None:
    assert captions.against(34, 28, 30) == "6 more than in the 30 days before"
    assert captions.against(28, 34, 30) == "6 fewer than in the 30 days before"
    assert captions.against(3, 3, 7) == "as many as in the 7 days before"
