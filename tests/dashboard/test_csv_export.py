"""A list as a file: what a spreadsheet must not run, how it is read, and that nothing is kept."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.dashboard import csv_export


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "−1", "+1 555 010 4477", "+1-555-010-4477"],
)
def test_no_cell_begins_a_formula(text):
    assert csv_export.cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\t=x", "\t'=x"),
        ("\r=x", "\r'=x"),
        ("\n=1", "\n'=1"),
        (" =1", " '=1"),
        ("\u00a0=1", "\u00a0'=1"),
        ("\x00=1", "'=1"),
        ("\u200b=1", "\u200b'=1"),
        ('"=1"', '"\'=1"'),
        ("Deponent;=2+3", "Deponent;'=2+3"),
        ('Deponent; "=2+3', "Deponent; \"'=2+3"),
        ("a\t=2+3", "a\t'=2+3"),
        ("a\n=2+3\r\n@x", "a\n'=2+3\r\n'@x"),
        ("a,-2+3|+4", "a,'-2+3|'+4"),
        ("a；＝1", "a；'＝1"),
        ("a =2+3", "a '=2+3"),
        ("a: -cmd|x", "a: '-cmd|x"),
        ("call +1-555-010-4477", "call '+1-555-010-4477"),
        ("=1;=2;=3", "'=1;'=2;'=3"),
        (";;;=1", ";;;'=1"),
    ],
)
def test_no_formula_begins_where_a_program_splits(text, safe):
    assert csv_export.cell(text) == safe


@pytest.mark.parametrize(
    "text",
    [
        "Keller v. Northline",
        "",
        "a=b",
        "1-2",
        "Ö",
        "'quoted",
        "Keller - Northline",
        "O'Brien-Smith, Jane",
        "jane@example.com; joe@example.com",
        "https://example.com/?a=b&c=-1",
        "x = 5",
        'a 5"-7" board',
        "It was -5 outside, 2,400.50 or +3 inside",
        "2026-11-24 – 2026-11-25",
    ],
)
def test_other_text_stays_as_it_is(text):
    assert csv_export.cell(text) == text


def test_long_white_space_is_no_burden():
    """What is scanned once takes no time; scanned anew from each place it would take minutes."""
    text = "a" + "\n\t " * 50_000 + "b"
    assert csv_export.cell(text) == text


@pytest.mark.parametrize("number", [-5, 0, 7, -2.5, True])
def test_numbers_stay_numbers(number):
    assert csv_export.cell(number) == str(number)


SIGNS = "=+-@＝＋－＠"


@given(st.lists(st.text(st.sampled_from(SIGNS + ";,|\t\n\r :\"'ab1\u00a0\u200b\x85")), min_size=1, max_size=3))
@example(["Deponent;=2+3", 'a, "b";=2+3'])
def test_whatever_is_typed_no_splitting_finds_a_formula(texts):
    """Read by programs that split at each of these signs, with and without regard to quotes."""
    written = "".join(csv_export.lines(["Name"] * len(texts), [texts]))[1:]
    for pieces in (_split_plainly(written), *(_split(written, delimiter) for delimiter in ",;\t|")):
        begun = [piece for piece in pieces if piece.strip(' "\u00a0\u200b\x85')[:1] in set(SIGNS)]
        assert not begun


def _split_plainly(written):
    """Splits at every separator, and knows no quotes."""
    return re.split(r"[,;|\t\r\n]", written)


def _split(written, delimiter):
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        reader = csv.reader(written.splitlines(keepends=True), delimiter=delimiter, quoting=quoting, strict=False)
        yield from (piece for row in reader for piece in row)


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


CELLS = st.one_of(
    st.none(),
    st.integers(),
    st.datetimes(timezones=st.just(UTC)),
    st.text(st.sampled_from(SIGNS + ";,|\t\n\r :\"'ab1\u00a0\x00")),
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
@example([("a", None), ("=1", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))])
def test_columns_written_at_once_are_cells_written_one_by_one(rows):
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[csv_export.cell(value) for value in row] for row in (("One", "Two"), *rows)])
    assert "".join(csv_export.lines(("One", "Two"), rows, at_once=3)) == csv_export.MARK + buffer.getvalue()


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
