"""The reader of mails: what it proposes, and that no text breaks it. A pure function, so no database."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.depositions.rules.mail import read
from app.depositions.rules.mail.hours import clock_written
from app.depositions.rules.new_request import clock_of, day_of, zone_of

TODAY = date(2026, 11, 28)
MAIL = """From: Dana Whitfield <dana@whitfield.example.com>
Sent: Monday, November 23, 2026 9:12 AM
To: scheduling@desk.example.com
Cc: paralegal@whitfield.example.com
Subject: RE: Keller v. Northline Freight

Hi,

please book the deposition of Dr. Orsolya Brandt (orsolya@example.com) for tomorrow at 2:30 pm Pacific, for about
two and a half hours, over Zoom.
Case No.: 2:24-cv-01234
Our file: NF-0042
She needs a Hungarian-speaking, no: a Spanish interpreter.
"""


def test_a_whole_mail():
    reading = read(MAIL, TODAY)
    found = {field: reading.value(field) for field in reading.fields}
    assert found == {
        "title": "Keller v. Northline Freight",
        "case": "Keller v. Northline Freight",
        "file_number": "NF-0042",
        "deponent_name": "Orsolya Brandt",
        "deponent_email": "orsolya@example.com",
        "start_date": "2026-11-24",
        "start_time": "02:30 PM",
        "time_zone": "Pacific Time (US & Canada)",
        "estimated_duration": "2.5",
        "interpreter": "Spanish",
        "video_provider": "Zoom",
        "asked_by": "dana@whitfield.example.com",
        "invites": "dana@whitfield.example.com\nparalegal@whitfield.example.com",
    }
    assert reading.why("start_date") == "counted from Mon 23 Nov 2026"
    words = [MAIL[mark.start : mark.end] for mark in reading.marks]
    assert {"tomorrow", "2:30 pm", "Pacific", "two and a half hours", "Spanish interpreter", "NF-0042"} <= set(words)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("January 28, 2027", ["2027-01-28"]),
        ("Thursday, Jan. 28th, 2027", ["2027-01-28"]),
        ("28 January 2027", ["2027-01-28"]),
        ("the 28th of January", ["2027-01-28"]),
        ("November 3", ["2027-11-03"]),
        ("2027-01-28", ["2027-01-28"]),
        ("1/28/2027", ["2027-01-28"]),
        ("1/28/27", ["2027-01-28"]),
        ("28/1/2027", ["2027-01-28"]),
        ("28.01.2027", ["2027-01-28"]),
        ("03/04/2027", ["2027-03-04", "2027-04-03"]),
        ("03.04.2027", ["2027-04-03", "2027-03-04"]),
        ("4/4/2027", ["2027-04-04"]),
        ("tomorrow", ["2026-11-29"]),
        ("the day after tomorrow", ["2026-11-30"]),
        ("on Friday", ["2026-12-04"]),
        ("next Friday", ["2026-12-04", "2026-12-11"]),
        ("in two weeks", ["2026-12-12"]),
        ("February 30, 2027", []),
        ("31.31.2027", []),
        ("version 10.1.2027.5 and 2/3", []),
        ("2:24-cv-01234", []),
    ],
)
def test_dates(text, dates):
    reading = read(f"The session is {text} then.", TODAY)
    assert [each.value for each in reading.fields.get("start_date", [])] == dates
    if len(dates) > 1:
        assert reading.why("start_date")
        assert reading.others("start_date") == dates[1:]


def test_a_weekday_that_does_not_fit_is_said():
    assert "that is a Thursday, not a Tuesday" in read("Tuesday, January 28, 2027", TODAY).why("start_date")
    assert read("January 28", TODAY).why("start_date") == "the year is not written"


@pytest.mark.parametrize(
    ("text", "times", "hours"),
    [
        ("at 2:30 pm", ["02:30 PM"], ""),
        ("at 2 PM", ["02:00 PM"], ""),
        ("at 9.30 a.m. sharp", ["09:30 AM"], ""),
        ("at 14:30", ["02:30 PM"], ""),
        ("at 14h30", ["02:30 PM"], ""),
        ("at 10:30", ["10:30 AM", "10:30 PM"], ""),
        ("at 2:30", ["02:30 PM", "02:30 AM"], ""),
        ("at noon", ["12:00 PM"], ""),
        ("12:15 am", ["12:15 AM"], ""),
        ("9:00 - 11:30 am", ["09:00 AM"], "2.5"),
        ("from 10 to 1 pm", ["10:00 AM"], "3"),
        ("2-4pm", ["02:00 PM"], "2"),
        ("9 am – 5 pm", ["09:00 AM"], "8"),
        ("for two hours", [], "2"),
        ("Duration: 90 minutes", [], "1.5"),
        ("about an hour", [], "1"),
        ("lasts 1 hour and 15 minutes", [], "1.25"),
        ("within 24 hours", [], ""),
        ("25:99 and 13 pm", [], ""),
    ],
)
def test_hours_and_lengths(text, times, hours):
    reading = read(text, TODAY)
    assert [each.value for each in reading.fields.get("start_time", [])] == times
    assert reading.value("estimated_duration") == hours


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("2 pm Pacific", ["Pacific Time (US & Canada)"]),
        ("2 pm (Eastern)", ["Eastern Time (US & Canada)"]),
        ("Mountain Daylight Time", ["Mountain Time (US & Canada)"]),
        ("2 pm EST", ["Eastern Time (US & Canada)"]),
        ("2 pm CST", ["Central Time (US & Canada)", "Beijing"]),
        ("Europe/Paris", ["Europe/Paris"]),
        ("10 am Denver time", ["America/Denver"]),
        ("London time", ["London"]),
        ("Grand Central Station, either/or, lead time", []),
    ],
)
def test_zones(text, zones):
    assert [each.value for each in read(text, TODAY).fields.get("time_zone", [])] == zones


@pytest.mark.parametrize(
    ("typed", "taken"),
    [("2:30pm", "02:30 PM"), ("14:30", "02:30 PM"), (" 9 AM ", "09:00 AM"), ("noon", "12:00 PM"), ("2:30", None),
     ("02:30 PM", "02:30 PM"), ("25:00", None), ("", None), ("9" * 5000, None), ("٣ pm", "03:00 PM"),
     ("\u200e９：３０\u202fAM\u200e", "09:30 AM")],
)  # fmt: skip
def test_a_typed_time(typed, taken):
    assert clock_written(typed) == taken


PIECES = st.sampled_from(
    ["From: ", "Subject: ", "Date: ", "Case: ", "Witness: ", "A v. B", "1/2/3", "12:30", "pm", "v.", "@", "a@b.co",
     "Aa ", "tomorrow", "next Friday", "\n", "\r\n", ":", "-", "9-5pm", "for ", "2 hours", "Jan 5", "9999-99-99",
     "\u202e", "ſ", "K"]
)  # fmt: skip
WILD = st.lists(st.one_of(PIECES, st.text(max_size=12), st.characters()), max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(text=WILD, today=st.dates(date(1900, 1, 1), date(2199, 12, 1)))
def test_any_text_is_read_and_every_span_is_in_it(text, today):
    reading = read(text, today)
    for field, candidates in reading.fields.items():
        for each in candidates:
            assert (each.field, 0 <= each.start < each.end <= len(text)) == (field, True)
            assert each.value.strip()
            if field == "start_date":
                assert day_of(each.value)
            elif field == "start_time":
                assert clock_of(each.value)
            elif field == "time_zone":
                assert zone_of(each.value)
            elif field == "estimated_duration":
                assert 0 < float(each.value) <= 24
    ends = 0
    for mark in reading.marks:
        assert mark.start >= ends
        ends = mark.end


HOSTILE = [
    "a", "A ", "1", "1/", "12:30 ", "a@b.", "a.b@c.d", " ", "\n", "From: a@b.co\nSubject: x\n", "Case: ",
    "A v. B ", "for 2 hours ", "Jan 5 ", "On x wrote:", "deposition of A ", "9-5pm ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_text(piece):
    """Four times the text takes about four times as long, measured in the thread's own time: quadratic is sixteen."""

    def seconds(size):
        text = (piece * size)[:size]
        begun = time.thread_time()
        read(text, TODAY)
        return time.thread_time() - begun

    seconds(2_000)
    small = min(seconds(8_000) for _ in range(3))
    assert seconds(32_000) < 9 * small + 0.05
