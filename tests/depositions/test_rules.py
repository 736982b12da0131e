"""What the room decides, without database or web."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts.rules import countries
from app.depositions.locales import language_name, language_of, translator
from app.depositions.models import State
from app.depositions.rules import business_days, flags, new_request, transitions
from app.kernel.errors import Conflict, Invalid, Refusal
from tests.servers import ROOT

PACIFIC = "Pacific Time (US & Canada)"

CHECKS = {
    "schedule": (transitions.why_not_schedule, transitions.check_schedule),
    "cancel": (lambda s: transitions.why_not_cancel(s, True), lambda s: transitions.check_cancel(s, True)),
    "start": (lambda s: transitions.why_not_start(s, True), lambda s: transitions.check_start(s, True)),
    "move": (transitions.why_not_move, transitions.check_move),
    "change_manager": (transitions.why_not_change_manager, transitions.check_change_manager),
    "take_back_start": (lambda s: _why_not_take_back(s), lambda s: _check_take_back(s)),
    "end": (lambda s: transitions.why_not_end(s, False), lambda s: transitions.check_end(s, False)),
}


def _why_not_take_back(state):
    now = datetime(2027, 1, 28, tzinfo=UTC)
    return transitions.why_not_take_back_start(state, now, False, now)


def _check_take_back(state):
    now = datetime(2027, 1, 28, tzinfo=UTC)
    transitions.check_take_back_start(state, now, False, now)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", CHECKS)
def test_sentence_guard_and_table_agree(state, verb):
    why_not, check = CHECKS[verb]
    allowed = verb in transitions.TRANSITIONS[state]
    assert (why_not(state) is None) == allowed
    if allowed:
        check(state)
    else:
        with pytest.raises(Conflict) as refused:
            check(state)
        assert refused.value.detail.startswith(why_not(state))


def test_every_transition_leads_to_a_state_and_final_states_stay():
    for state, found in transitions.TRANSITIONS.items():
        assert State(state)
        assert all(State(to) for to in found.values())
    assert not transitions.TRANSITIONS["canceled"]
    assert not transitions.TRANSITIONS["ended"]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("scheduled", "session_request.not_cancelable"),
        ("ready", "session_request.not_cancelable"),
        ("active", "session_request.not_cancelable"),
        ("ended", "session_request.not_cancelable"),
        ("canceled", "session_request.already_canceled"),
    ],
)
def test_the_api_cancels_only_what_is_initial(state, code):
    with pytest.raises(Invalid) as refused:
        transitions.check_withdraw(state)
    assert (refused.value.status, refused.value.code) == (422, code)
    transitions.check_withdraw("initial")


def test_a_room_is_needed_to_start():
    assert transitions.why_not_start("ready", False) == "This session has no room yet. Say where people meet first."


def span(start: str, hours: float) -> transitions.Span:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return transitions.busy(begins, begins + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (("2026-12-01 10:00", 2), False),
        (("2026-12-01 10:00", 2.8), True),
        (("2026-12-01 15:14", 1), True),
        (("2026-12-01 15:15", 1), False),
        (("2026-12-01 12:00", 0), True),
        (("2026-12-01 11:44", 0), False),
    ],
)
def test_sessions_keep_a_quarter_hour_apart(other, expected):
    mine = span("2026-12-01 13:00", 2)
    assert transitions.overlap(mine, span(*other)) is expected
    assert transitions.overlap(span(*other), mine) is expected


def test_an_overlap_asks_for_a_reason():
    transitions.check_overlaps([], "Ines", "")
    transitions.check_overlaps(["one"], "Ines", "Ana takes over at one.")
    with pytest.raises(Conflict) as refused:
        transitions.check_overlaps(["one"], "Ines", "  ")
    assert refused.value.errors[0].field == "reason"


def test_start_as_printed():
    start = new_request.parse_start("2025-01-28", "01:30 AM", PACIFIC)
    assert (start.starts_at, start.zone) == (datetime(2025, 1, 28, 9, 30, tzinfo=UTC), "America/Los_Angeles")
    assert (start.start_date, start.start_time, start.time_zone) == ("2025-01-28", "01:30 AM", PACIFIC)


@pytest.mark.parametrize(
    "bad", ["2025-02-29", "2025-1-28", "28-01-2025", "1899-12-31", "2200-01-01", "２０２５-01-28", "2025-01-28\n", ""]
)
def test_bad_dates(bad):
    with pytest.raises(Invalid) as refused:
        new_request.parse_start(bad, "01:30 AM", PACIFIC)
    assert [error.field for error in refused.value.errors] == ["remote_session.start_date"]


@pytest.mark.parametrize(
    "bad", ["1:30 AM", "00:30 AM", "13:30 PM", "01:60 AM", "01:30", "01:30 am", "01:30AM", "٠١:30 AM"]
)
def test_bad_times(bad):
    with pytest.raises(Invalid) as refused:
        new_request.parse_start("2025-01-28", bad, PACIFIC)
    assert [error.field for error in refused.value.errors] == ["remote_session.start_time"]


def test_midnight_and_noon():
    assert new_request.parse_start("2025-01-28", "12:00 AM", "UTC").starts_at.hour == 0
    assert new_request.parse_start("2025-01-28", "12:00 PM", "UTC").starts_at.hour == 12


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(Invalid) as refused:
        new_request.parse_start("yesterday", "noon", "here")
    assert len(refused.value.errors) == 3


def test_a_time_that_does_not_exist_names_both_neighbours():
    with pytest.raises(Invalid) as refused:
        new_request.parse_start("2025-03-09", "02:30 AM", PACIFIC)
    assert "01:59 AM" in refused.value.detail
    assert "03:00 AM" in refused.value.detail
    with pytest.raises(Invalid) as refused:
        new_request.parse_start("2011-12-30", "02:30 AM", "Samoa")
    assert "11:59 PM on 2011-12-29 is followed by 12:00 AM on 2011-12-31" in refused.value.detail


def test_invites_fold_without_losing_the_host():
    folded = new_request.fold_invites(
        [
            new_request.Invite("A@example.com"),
            new_request.Invite("b@example.com"),
            new_request.Invite("a@EXAMPLE.com", "host"),
        ]
    )
    assert folded == (new_request.Invite("A@example.com", "host"), new_request.Invite("b@example.com"))


def test_details_leave_blanks_out():
    assert new_request.tidy_details({"language": " ", "additional_details": "", "video_provider": "chime"}) == {
        "video_provider": "chime"
    }
    assert new_request.tidy_details({"language": "de-DE", "interpreter": None}) == {"language": "de-DE"}


@pytest.mark.parametrize(
    ("case", "beginning"),
    [
        ("567-case-id-name", "567-case-id-name-"),
        ("Keller v. Ørsted & Söhne", "keller-v-rsted-sohne-"),
        ("قضية", "session-"),
        ("-", "session-"),
        ("x" * 500, "x" * 60 + "-"),
    ],
)
def test_slugs_carry_the_case_and_eighty_random_bits(case, beginning):
    slug = new_request.mint_slug(case)
    assert slug.startswith(beginning)
    assert len(slug) == len(beginning) + 20
    assert slug != new_request.mint_slug(case)


NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def facts(start: str, zone: str = "America/Los_Angeles", hours: float = 1.0, **other: Any) -> Any:
    begins = new_request.parse_start(start[:10], start[11:], zone).starts_at
    default = {
        "state": "initial",
        "starts_at": begins,
        "ends_at": begins + timedelta(hours=hours),
        "zone": zone,
        "ambiguous": False,
        "cancellation_open": False,
        "hour_moved": False,
        "reconfirmation": None,
        "question": None,
        "agreement": None,
        "postback_url": "https://example.com",
        "details": {},
    }
    return SimpleNamespace(**{**default, **other})


@pytest.mark.parametrize(
    ("deposition", "labels"),
    [
        (facts("2026-12-02 10:00 AM"), []),
        (facts("2026-12-02 07:00 AM", hours=13), []),
        (facts("2026-12-02 01:30 AM"), ["1:30 AM"]),
        (facts("2026-12-02 01:30 AM", zone="Europe/Paris"), ["01:30"]),
        (facts("2026-12-02 06:59 AM"), ["6:59 AM"]),
        (facts("2026-12-02 08:00 PM"), ["8:00 PM"]),
        (facts("2026-12-02 07:00 PM", hours=2), ["Until 9:00 PM"]),
        (facts("2026-12-05 10:00 AM"), ["Saturday"]),
        (facts("2026-11-26 10:00 AM"), ["Thanksgiving Day"]),
        (facts("2026-07-03 10:00 AM"), ["Date has passed", "Independence Day, observed"]),
        (facts("2026-12-02 10:00 AM", ambiguous=True), ["Hour comes twice"]),
        (facts("2026-12-02 10:00 AM", cancellation_open=True), ["Cancellation requested"]),
        (facts("2026-12-02 10:00 AM", state="scheduled", reconfirmation="no"), ["Does not take place"]),
        (facts("2026-12-02 10:00 AM", state="scheduled", reconfirmation="silent"), []),
        (facts("2026-12-02 10:00 AM", question="answered"), ["Answer came"]),
        (facts("2026-12-02 10:00 AM", postback_url=None), ["No webhook"]),
        (facts("2026-12-02 10:00 AM", details={"interpreter": "German"}), ["German interpreter"]),
        (facts("2025-01-28 01:30 AM"), ["Date has passed", "1:30 AM"]),
        (facts("2025-01-28 01:30 AM", state="canceled"), []),
        (facts("2025-01-28 01:30 AM", state="ended"), []),
    ],
)
def test_flags(deposition, labels):
    assert [flag.label for flag in flags.flags_of(deposition, NOW, "US")] == labels


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 19), "Martin Luther King Jr. Day"),
        (date(2026, 2, 16), "Washington’s Birthday"),
        (date(2026, 5, 25), "Memorial Day"),
        (date(2026, 6, 19), "Juneteenth National Independence Day"),
        (date(2020, 6, 19), None),
        (date(2026, 9, 7), "Labor Day"),
        (date(2026, 10, 12), "Columbus Day"),
        (date(2026, 11, 11), "Veterans Day"),
        (date(2027, 12, 24), "Christmas Day, observed"),
        (date(2021, 12, 31), "New Year’s Day, observed"),
        (date(2026, 11, 27), None),
    ],
)
def test_federal_holidays(day, name):
    assert business_days.holiday_of(day, "US") == name


ONE_COUNTRY = """
import sys
from datetime import date
from app.depositions.rules import business_days

business_days.holiday_of(date(2026, 1, 1), "US")
print(*(name for name in sys.modules if name.startswith("holidays.countries.")))
"""


def test_holidays_load_the_countries_that_are_asked_for():
    done = subprocess.run([sys.executable, "-c", ONE_COUNTRY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "holidays.countries.united_states\n"


def test_every_country_can_be_asked_for():
    known = {country for country in countries() if business_days.holiday_of(date(2026, 1, 1), country)}
    assert {"AU", "BR", "DE", "FR", "GB", "JP", "US"} <= known


def test_refusals_are_sentences():
    for why_not, _ in CHECKS.values():
        for state in State:
            reason = why_not(state)
            assert reason is None or (reason[0].isupper() and reason.endswith("."))
    assert issubclass(Conflict, Refusal)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("es", "es"), ("es-MX", "es"), ("ES_419", "es"), ("spa", "es"), ("fr-CA", "fr"), ("ar-Arab-AE", "ar")),
        *(("Spanish", "es"), (" latin  american SPANISH ", "es"), ("Modern Standard Arabic", "ar"), ("français", "fr")),
        *(("French, English", "fr"), ("Spanish (Mexico)", "es"), ("en-US", "en"), ("British English", "en")),
        *(
            ("German", "en"),
            ("de-DE", "en"),
            ("espresso", "en"),
            ("fra", "fr"),
            ("", "en"),
            ("-", "en"),
            ("🎷\x00", "en"),
        ),
    ],
)
def test_a_language_is_read_as_a_tag_or_as_english_names_it(text, language):
    assert language_of(text) == language


def test_the_language_of_a_session_is_the_organizations_when_none_was_given():
    assert translator({}, "ar").lang == "ar"
    assert translator({"language": "en-US"}, "ar").lang == "en"
    assert translator({"language": "Spanish"}, "ar").lang == "es"
    assert translator({"language": "Tamil"}, "ar").lang == "en"


def test_a_language_is_named_in_the_language_of_the_page():
    spanish = translator({"language": "es"}, "en")
    assert [language_name(text, spanish) for text in ("German", " Swiss  german ", "Klingonese")] == [
        "alemán",
        "alemán suizo",
        "Klingonese",
    ]


@pytest.mark.parametrize(
    ("country", "labels"),
    [
        ("FR", ["National Day"]),
        ("US", []),
        ("SA", []),
        (None, []),
    ],
)
def test_holidays_are_those_of_the_organization(country, labels):
    deposition = SimpleNamespace(**vars(facts("2027-07-14 10:00 AM")))
    assert [flag.label for flag in flags.flags_of(deposition, NOW, country)] == labels


def test_a_weekend_is_that_of_the_country():
    friday = facts("2026-12-04 10:00 AM")
    assert [flag.label for flag in flags.flags_of(friday, NOW, "SA")] == ["Friday"]
    assert flags.flags_of(friday, NOW, "US") == []
