"""Rules of inspections at their very moments: expiry, states of an invite, and until when evidence is taken."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.inspections import rules
from app.inspections.evidence import rules as evidence

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("scheduled_for", "expires_at"),
    [(None, NOW + DAY), (NOW - DAY, NOW + DAY), (NOW + 3 * DAY, NOW + 4 * DAY)],
    ids=["for now", "for yesterday", "for later"],
)
def test_it_expires_a_day_after_it_could_have_begun(scheduled_for: datetime | None, expires_at: datetime) -> None:
    assert rules.expiry(NOW, scheduled_for) == expires_at


@pytest.mark.parametrize(
    ("status", "expires_at", "shown"),
    [
        ("created", NOW + TICK, "created"),
        ("created", NOW, "expired"),
        ("open", NOW - DAY, "open"),
        ("recording", NOW - DAY, "recording"),
        ("closed", NOW - DAY, "closed"),
    ],
)
def test_only_what_nobody_joined_expires(status: str, expires_at: datetime, shown: str) -> None:
    found: Any = SimpleNamespace(status=status, expires_at=expires_at)
    assert rules.status_of(found, NOW) == shown


@pytest.mark.parametrize(
    ("role", "status", "ended", "answers", "late", "refused"),
    [
        ("field", "open", None, {"camera": "denied"}, False, None),
        ("field", "recording", None, {"camera": "granted"}, False, None),
        ("field", "open", None, {}, False, ("unanswered", 409)),
        ("field", "open", None, {}, True, ("unanswered", 409)),
        ("field", "open", None, {"gps": "granted"}, False, ("unanswered", 409)),
        ("field", "open", None, {"gps": "granted"}, True, None),
        ("observer", "open", None, {"camera": "granted"}, False, ("looking_on", 403)),
        ("field", "created", None, {"camera": "granted"}, True, ("ended", 409)),
        ("field", "closed", NOW, {"camera": "granted"}, False, ("ended", 409)),
        ("field", "closed", NOW - evidence.ARRIVES_WITHIN + TICK, {"camera": "granted"}, True, None),
        ("field", "closed", NOW - evidence.ARRIVES_WITHIN, {"camera": "granted"}, True, ("too_late", 409)),
    ],
)
def test_until_when_evidence_is_taken(
    role: str,
    status: str,
    ended: datetime | None,
    answers: dict[str, str],
    late: bool,
    refused: tuple[str, int] | None,
) -> None:
    found: Any = SimpleNamespace(status=status, expires_at=NOW + DAY, ended_at=ended, subjects=["camera"])
    with nullcontext() if refused is None else pytest.raises(evidence.Unfit) as raised:
        evidence.check_capture(found, NOW, role=role, answers=answers, late=late)
    assert (raised and (raised.value.reason, raised.value.status)) == refused


def test_a_stamp_is_renewed_ninety_days_before_its_certificate_ends_or_at_half_of_what_it_had() -> None:
    for had, left in ((timedelta(days=3650), timedelta(days=90)), (timedelta(days=100), timedelta(days=50))):
        ends = NOW + left
        assert rules.renewal_due(ends - had, ends, NOW)
        assert not rules.renewal_due(ends - had, ends, NOW - TICK)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "live"),
        ({"joined_at": NOW}, "joined"),
        ({"joined_at": NOW, "locked_at": NOW}, "locked"),
        ({"joined_at": NOW, "locked_at": NOW, "expires_at": NOW}, "expired"),
        ({"joined_at": NOW, "locked_at": NOW, "expires_at": NOW, "revoked_at": NOW}, "revoked"),
    ],
)
def test_what_an_invite_is_refused_for_first(facts: dict[str, datetime], state: str) -> None:
    usual = {"expires_at": NOW + TICK, **dict.fromkeys(("joined_at", "locked_at", "revoked_at"))}
    invite: Any = SimpleNamespace(**{**usual, **facts})
    assert rules.invite_state(invite, NOW) == rules.InviteState[state.upper()]


def test_a_reminder_is_sent_until_the_next_one_is_due() -> None:
    first, last = rules.REMIND_HOURS
    starts = NOW + timedelta(hours=first)
    assert [hours for hours, _ in rules.reminders(starts, NOW)] == [each for each in rules.REMIND_HOURS if each < first]
    assert first in dict(rules.reminders(starts, NOW - TICK))
    assert rules.reminders(None, NOW) == []
    for hours, planned, now, due in (
        (first, starts, NOW, True),
        (first, starts + TICK, NOW, False),
        (first, starts, starts - timedelta(hours=last) - TICK, True),
        (first, starts, starts - timedelta(hours=last), False),
        (last, starts, starts - TICK, True),
        (last, starts, starts, False),
    ):
        assert rules.reminder_due(hours, starts, planned, now) is due, (hours, now)
    assert not rules.reminder_due(last, None, starts, NOW)


def test_one_who_denies_denies_for_all() -> None:
    granted, denied = {"gps": "granted", "camera": "granted"}, {"camera": "denied"}
    for answers in ([granted, denied], [denied, granted]):
        assert rules.worst_answers(answers) == {"camera": "denied", "gps": "granted"}
    assert rules.worst_answers([]) == {}
