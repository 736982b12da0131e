"""A list as a file: what a spreadsheet must not run, how it is read, and that nothing is kept."""

import csv
import io
from datetime import UTC, datetime

import pytest

from app.dashboard import csv_export


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", " =1", "＝1+1", "＋1", "－1", "＠x", "\u00a0=1", "\x00=1"],
)
def test_no_cell_begins_a_formula(text):
    assert csv_export.cell(text).startswith("'")


@pytest.mark.parametrize("text", ["Keller v. Northline", "", "a=b", "1-2", "Ö", "'quoted"])
def test_other_text_stays_as_it_is(text):
    assert csv_export.cell(text) == text


def test_moments_are_iso_and_nothing_is_nothing():
    assert csv_export.cell(datetime(2026, 11, 24, 18, 0, tzinfo=UTC)) == "2026-11-24T18:00:00Z"
    assert csv_export.cell(None) == ""


def test_a_spreadsheet_reads_it_back():
    rows = [["a,b", 'c"d', "e\nf"], ["=x", "ü", 7]]
    text = "".join(csv_export.lines(("One", "Two", "Three"), rows))
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text[1:], newline=""))) == [
        ["One", "Two", "Three"],
        ["a,b", 'c"d', "e\nf"],
        ["'=x", "ü", "7"],
    ]


def test_rows_are_forgotten_as_they_leave():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield (taken,)

    pieces = csv_export.lines(("Number",), endless(), at_once=10)
    for _ in range(5):
        assert len(next(pieces)) < 200
    assert taken == 50


def test_the_name_says_list_and_day():
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert csv_export.file_name("depositions", "needs", late, "Europe/Berlin") == "depositions-needs-2026-11-25.csv"
    assert csv_export.file_name("depositions", 'x"\r\n/..', late, "UTC") == "depositions-x-2026-11-24.csv"
