"""A row shows two of its badges, the gravest first, and how many more it has: one rank for all desks."""

from app.dashboard.badges import Badge, RankedBadges, rank

PASSED = Badge("Date has passed", "history", "danger", ground=True)
LATE = Badge("9:00 PM", "moon", "warn", ground=True)
SUNDAY = Badge("Sunday", "calendar-x", "warn", ground=True)
INTERPRETER = Badge("Tamil interpreter", "languages", ground=True)
WEBHOOK = Badge("No webhook", "webhook")
SCHEDULED = Badge("Scheduled", "calendar-check", "good")


def test_the_gravest_is_first_and_equals_keep_their_order() -> None:
    ranked = rank((WEBHOOK, LATE, SUNDAY, INTERPRETER, PASSED))
    assert ranked == RankedBadges(PASSED, "9:00 PM", ("Sunday", "Tamil interpreter", "No webhook"))


def test_a_state_is_second_and_alone_first() -> None:
    assert rank((WEBHOOK, LATE), SCHEDULED) == RankedBadges(LATE, "Scheduled", ("No webhook",))
    assert rank((), SCHEDULED) == RankedBadges(SCHEDULED)


def test_tags_come_last() -> None:
    assert rank((LATE,), tags=("urgent", "vip")) == RankedBadges(LATE, "urgent", ("vip",))
    assert rank((), tags=("urgent",)).first == Badge("urgent", "tag")


def test_a_row_without_any_shows_none() -> None:
    assert rank(()) == RankedBadges()
