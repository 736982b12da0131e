"""Other hours for a session: which are found, and why others are not. No database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.depositions.rules import proposals, slots
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.proposals import NewProposal, best, standing
from app.depositions.rules.slots import Clock, Search, Taken, WorkingManager
from app.depositions.rules.transitions import Span
from app.kernel.errors import Conflict, Invalid

NEW_YORK, TOKYO = Clock("America/New_York", "US"), Clock("Asia/Tokyo", "JP")
NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
FIRST = date(2026, 12, 1)


def search(**facts: Any) -> Search:
    default: dict[str, Any] = {
        "starts_at": datetime(2026, 12, 15, 15, tzinfo=UTC),
        "length": timedelta(hours=2),
        "clocks": [NEW_YORK],
        "manager": None,
        "taken": [],
    }
    return Search(**{**default, **facts})


def working(*hours: Hours, absences: tuple[Away, ...] = (), gap: int = 15) -> WorkingManager:
    return WorkingManager("America/New_York", hours, absences, timedelta(minutes=gap))


def test_hours_of_several_days_at_several_times_of_the_day_are_found() -> None:
    found = slots.find(search(), FIRST, NOW)
    assert found.slots == [
        datetime(2026, 12, 1, 15, 30, tzinfo=UTC),
        datetime(2026, 12, 2, 15, tzinfo=UTC),
        datetime(2026, 12, 3, 19, tzinfo=UTC),
        datetime(2026, 12, 4, 15, tzinfo=UTC),
    ]
    assert slots.why_so_few(found) == ""


def test_every_known_clock_has_office_hours() -> None:
    found = slots.find(search(clocks=[NEW_YORK, TOKYO]), FIRST, NOW).slots
    assert found
    for at in found:
        assert not slots.why_not(search(clocks=[TOKYO]), at, NOW)
        assert not slots.why_not(search(clocks=[NEW_YORK]), at, NOW)
    apart = search(clocks=[NEW_YORK, TOKYO], length=timedelta(hours=5))
    none = slots.find(apart, FIRST, NOW)
    assert none.slots == []
    assert "outside 7 AM to 8 PM in Tokyo" in slots.why_so_few(none)
    own = search(clocks=[NEW_YORK, TOKYO], length=timedelta(hours=5), own_clock_only=True)
    assert len(slots.find(own, FIRST, NOW).slots) == slots.MOST


def test_the_middle_of_the_day_by_all_clocks_goes_before_another_time_of_the_day() -> None:
    """Noon in New York is 9 AM in Los Angeles: neither 10 AM nor the session's own hour is better there."""
    west = Clock("America/Los_Angeles", "US")
    found = slots.find(search(clocks=[NEW_YORK, west]), FIRST, NOW).slots
    assert [f"{at:%H:%M}" for at in found] == ["17:00", "17:00", "19:00", "17:00"]


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2026-12-01T14:00", ""),
        ("2026-12-01T12:00", "the manager works 9:00 AM–5:00 PM EST that day"),
        ("2026-12-02T03:30", "it is outside 7 AM to 8 PM in New York"),
        ("2026-11-30T15:00", "it is too soon"),
        ("2026-12-15T15:00", "the session is at that hour now"),
        ("2026-12-01T11:30", "it is outside 7 AM to 8 PM in New York"),
        ("2026-12-01T23:30", "it is outside 7 AM to 8 PM in New York"),
        ("2026-12-05T15:00", "it is a weekend in New York"),
        ("2026-12-25T15:00", "it is Christmas Day in New York"),
        ("2026-12-02T18:00", "the manager works 9:00 AM–12:00 PM EST that day"),
        ("2026-12-03T15:00", "the manager is away until Thu 3 Dec: dentist"),
        ("2026-12-04T15:00", "the manager does not work on Fridays"),
    ],
)
def test_why_an_hour_is_left_out(at: str, reason: str) -> None:
    manager = working(
        *(Hours(day, 540, 1020) for day in (0, 1, 3)),
        Hours(2, 540, 720),
        absences=(Away(date(2026, 12, 3), date(2026, 12, 3), "dentist"),),
    )
    assert slots.why_not(search(manager=manager), datetime.fromisoformat(at).replace(tzinfo=UTC), NOW) == reason


@pytest.mark.parametrize(
    ("need", "begins", "ends", "reason"),
    [
        # The session would last from 15:00 to 17:00; the gap after the other one is part of its key.
        ("manager", "12:00", "15:00", ""),
        ("manager", "12:00", "15:01", "the manager has another session"),
        ("manager", "17:14", "18:00", "the manager has another session"),
        ("manager", "17:15", "18:00", ""),
        ("address", "16:59", "18:00", "somebody invited has another session"),
        ("address", "17:00", "18:00", ""),
        ("name", "10:00", "23:00", "the deponent has another session"),
        ("case", "15:30", "16:00", "the case has another session"),
    ],
)
def test_what_is_taken(need: str, begins: str, ends: str, reason: str) -> None:
    first, last = (datetime.fromisoformat(f"2026-12-01T{each}").replace(tzinfo=UTC) for each in (begins, ends))
    at = datetime(2026, 12, 1, 15, tzinfo=UTC)
    assert slots.why_not(search(manager=working(), taken=[Taken(need, Span(first, last))]), at, NOW) == reason


def test_an_hour_stands_by_the_quorum_and_the_deponent() -> None:
    asked = ["ada", "bo", "cy", "dee"]
    given = {"ada": "yes", "bo": "maybe", "cy": "no", "gone": "yes"}
    stands = standing(NOW, given, asked, 3, "dee")
    assert (stands.able, stands.no, stands.needed, stands.agreed) == (2, 1, 1, False)
    assert stands.sentence == "1 more is needed"
    assert standing(NOW, {**given, "cy": "yes"}, asked, 3, "dee").sentence == "The deponent is needed"
    assert standing(NOW, {**given, "dee": "yes"}, asked, 3, "dee").agreed
    assert standing(NOW, {**given, "dee": "yes", "cy": "yes"}, asked, 9, "").needed == 0
    later = standing(NOW + timedelta(days=1), dict.fromkeys(asked, "yes"), asked, 4, "dee")
    earlier = standing(NOW, {**dict.fromkeys(asked, "yes"), "bo": "maybe"}, asked, 4, "dee")
    assert best([earlier, later]) is later
    assert best([stands]) is None


def at(*days: int) -> tuple[datetime, ...]:
    return tuple(NOW + timedelta(days=each) for each in days)


@pytest.mark.parametrize(
    "new",
    [
        NewProposal(at(1)),
        NewProposal(at(1, 1)),
        NewProposal(at(1, 1, 2)),
        NewProposal(at(1, 2, 3, 4, 5)),
        NewProposal(at(-1, 2)),
        NewProposal(at(1, 2), quorum=5),
        NewProposal(at(1, 2), quorum=-1),
        NewProposal(at(1, 2), answers_until=NOW - timedelta(hours=1)),
        NewProposal(at(1, 2), answers_until=NOW + timedelta(days=1)),
    ],
)
def test_what_cannot_be_offered(new: NewProposal) -> None:
    with pytest.raises(Invalid):
        proposals.check_new(new, 4, NOW)


def test_what_can_be_offered_and_answered() -> None:
    proposals.check_new(NewProposal(at(1, 2), 4, NOW + timedelta(hours=2)), 4, NOW)
    offered = [proposals.written(each) for each in at(1, 2)]
    answers = proposals.read_answers(offered, {offered[0]: "yes", offered[1]: "no"})
    assert list(answers.values()) == ["yes", "no"]
    for given in ({offered[0]: "yes"}, {offered[0]: "yes", offered[1]: "perhaps"}):
        with pytest.raises(Invalid):
            proposals.read_answers(offered, given)
    with pytest.raises(Conflict):
        proposals.read_answers(offered, {offered[0]: "yes", "2027-01-01T00:00:00Z": "yes"})
    for wrong in ("", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-12-01", "2026-12-01T15:00:00+01:00"):
        with pytest.raises(ValueError, match=r"."):
            proposals.read_slot(wrong)


def test_until_when_people_answer() -> None:
    assert slots.answers_until(NOW + timedelta(days=4), NOW) == NOW + timedelta(days=3)
    assert slots.answers_until(NOW + timedelta(hours=10), NOW) == NOW + timedelta(hours=5)
    assert NOW < slots.answers_until(NOW + timedelta(minutes=10), NOW) < NOW + timedelta(minutes=10)


@pytest.mark.parametrize(("at", "reason"), [("2026-12-01T12:00", ""), ("2026-12-01T23:00", "")])
def test_the_first_and_the_last_hour_of_a_day(at: str, reason: str) -> None:
    """From 7 to 9 AM, and from 6 to 8 PM."""
    assert slots.why_not(search(), datetime.fromisoformat(at).replace(tzinfo=UTC), NOW) == reason


def test_that_it_is_too_soon_is_no_obstacle_that_is_named() -> None:
    found = slots.find(search(clocks=[NEW_YORK, TOKYO], length=timedelta(hours=9)), NOW.date(), NOW)
    assert found.left_out["it is too soon"] > 0
    sentence = slots.why_so_few(found)
    assert "outside 7 AM" in sentence
    assert "too soon" not in sentence
    never = slots.find(search(length=timedelta(hours=14), starts_at=NOW), NOW.date(), NOW)
    assert set(never.left_out) == {"it is too soon", "it is outside 7 AM to 8 PM in New York"}
    assert "too soon" not in slots.why_so_few(never)


def test_an_answer_counts_until_the_very_end() -> None:
    assert proposals.why_closed("open", NOW, NOW) is None
    assert proposals.why_closed("open", NOW, NOW + timedelta(seconds=1)) == "The time to answer is over."
