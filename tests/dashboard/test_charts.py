"""Charts: arithmetic that never lies about nothing, one huge number, or few."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard import captions, charts
from app.kernel.db.hourly_stats import DAY, HOUR, WAITS

TODAY = date(2026, 11, 24)
NUMBERS = st.integers(0, 10**9)
TWO = (charts.Series("scheduled", "series-1"), charts.Series("waiting", "series-2"))


def test_nothing_has_no_ticks_and_no_bars() -> None:
    slots = charts.slots(TODAY, TODAY + timedelta(days=13), TODAY)
    assert charts.ticks(0) == []
    assert charts.bars(slots, TWO, ([0] * 14, [0] * 14)).boxes == ()
    assert charts.lines(("a", "b"), (0, 0)).boxes == ()
    assert charts.funnel(("a", "b"), (0, 0)).boxes[0].tone == "track"


@given(st.integers(1, 10**9))
def test_ticks_are_few_round_and_within(top: int) -> None:
    found = charts.ticks(top)
    assert 1 <= len(found) <= 3
    assert found == sorted(set(found))
    assert all(0 < tick <= top for tick in found)
    assert str(found[0]).rstrip("0") in {"1", "2", "5"}


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=14, max_size=14))
def test_bars_stay_in_the_picture_and_nothing_is_negative(values: list[tuple[int, int]]) -> None:
    slots = charts.slots(TODAY, TODAY + timedelta(days=13), TODAY)
    picture = charts.bars(slots, TWO, ([a for a, _ in values], [b for _, b in values]))
    for box in picture.boxes:
        assert box.height >= 1
        assert box.width > 0
        assert 0 <= box.x <= box.x + box.width <= charts.RIGHT + 0.01
        assert charts.TOP - 4 <= box.y <= charts.BASE
    assert len(picture.boxes) == sum(1 for pair in values for n in pair if n)


def test_the_least_beside_the_huge_still_shows() -> None:
    assert charts.height_of(1, 1_000_000) == 2
    assert charts.height_of(1_000_000, 1_000_000) == charts.BASE - charts.TOP


@pytest.mark.parametrize(("days", "bars"), [(7, 7), (14, 14), (30, 30), (90, 13)])
def test_slots_cover_the_span_without_holes(days: int, bars: int) -> None:
    first = TODAY - timedelta(days=days - 1)
    slots = charts.slots(first, TODAY, TODAY)
    assert len(slots) == bars
    covered = [s.first + timedelta(days=n) for s in slots for n in range((s.last - s.first).days + 1)]
    assert covered == [first + timedelta(days=n) for n in range(days)]
    assert [slot.today for slot in slots] == [False] * (bars - 1) + [True]


def test_a_percentile_lies_in_its_bucket() -> None:
    one_hour_to_two = WAITS.index(2 * HOUR) + 1
    assert charts.percentile({}, 0.5) is None
    assert charts.percentile({one_hour_to_two: 0}, 0.5) is None
    assert charts.percentile({one_hour_to_two: 4}, 0.5) == 1.5 * HOUR
    assert charts.percentile({len(WAITS) + 1: 3}, 0.5) == WAITS[-1]


@given(st.dictionaries(st.integers(1, len(WAITS) + 1), st.integers(1, 1000), min_size=1))
def test_nine_of_ten_wait_no_less_than_half_of_them(waits: dict[int, int]) -> None:
    half, most = charts.percentile(waits, 0.5), charts.percentile(waits, 0.9)
    assert half is not None
    assert most is not None
    assert 0 <= half <= most <= WAITS[-1]


@given(st.dictionaries(st.integers(1, len(WAITS) + 1), st.integers(0, 1000)))
def test_bands_hold_every_wait_once(waits: dict[int, int]) -> None:
    found = charts.bands(waits, (HOUR, 4 * HOUR, DAY))
    assert sum(found) == sum(waits.values())
    assert min(found) >= 0
    assert found[-1] == charts.longer_than(waits, DAY)


@pytest.mark.parametrize(
    ("part", "total", "caption"),
    [(2, 3, ""), (0, 0, ""), (5, 10, "50%"), (10, 10, "100%"), (0, 10, "0%"), (999, 1000, "99%"), (1, 1000, "1%")],
)
def test_few_are_not_said_in_per_cent(part: int, total: int, caption: str) -> None:
    assert charts.share(part, total) == caption


def test_sentences_are_quiet_where_nothing_stands_out() -> None:
    slots = charts.slots(TODAY - timedelta(days=6), TODAY, TODAY)
    assert captions.fullest(slots, [0] * 7, "request") == ""
    assert captions.fullest(slots, [3, 3, 0, 0, 0, 0, 0], "request") == ""
    assert captions.fullest(slots, [0, 0, 0, 0, 0, 0, 4], "request") == "Today has the most, 4 requests."
    assert captions.waited(None, None, 0, 0, "scheduled") == "Nothing was scheduled in this time."
    assert captions.waited(HOUR, DAY, 1, 3, "scheduled").startswith("Too few for more than this: 3 were scheduled.")
    assert captions.lost(("invited", "opened", "in"), (64, 61, 56)) == " Most are lost before “in”: 5."
    assert captions.lost(("invited", "opened", "in"), (2, 1, 1)) == ""


def test_one_template_that_differs_is_named() -> None:
    caption = captions.apart(("Two-bedroom", "Studio"), (31, 5), (40, 25), "approved")
    assert caption == "36 of 65 approved, 55%. Studio is approved less often than the others."
    assert captions.apart(("Two-bedroom", "Studio"), (2, 0), (3, 2), "approved") == "2 of 5 approved."


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
