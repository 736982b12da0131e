"""The index of words: whatever is indexed is found by how its words begin, by those who may, on both databases."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from app.accounts.models import Organization
from app.depositions.queries import search as depositions
from app.inspections import actions as inspecting
from app.inspections.queries import search as inspections
from app.kernel.changes.events import Actor
from app.kernel.clock import now
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database, Db
from app.kernel.text import normalization, search
from app.kernel.text.search import SearchDocument
from app.prescreens import actions as prescreening
from app.prescreens.queries import search as prescreens
from tests.cast import Cast
from tests.depositions import factories
from tests.planner import count_rows
from tests.prescreens.factories import PROSPECT, prescreen

KIND = "thing"
SOURCES = (depositions.SOURCE, prescreens.SOURCE, inspections.SOURCE)
BY = Actor("cli", None, "A test", None, "cli")


def thing(id: object, *title: str, rest: tuple[str, ...] = (), organization: int = 1) -> SearchDocument:
    return SearchDocument(KIND, str(id), organization, title, rest)


def found(db: Db, typed: str, organizations: set[int] | None = None, limit: int = search.MOST) -> list[str]:
    return search.ids(db, KIND, typed, organizations, limit)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    written=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60),
    data=st.data(),
)
def test_any_text_is_found_by_how_its_words_begin(db: Db, written: str, data: st.DataObject) -> None:
    search.index(db, thing("x", "", rest=(written,)))
    words = normalization.split(normalization.fold(written))
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    typed = word[: data.draw(st.integers(1, len(word)))]
    assert found(db, typed) == ["x"]
    assert found(db, typed.upper()) == ["x"] or normalization.fold(typed.upper()) != typed
    assert found(db, written) == ["x"] or len(normalization.query_terms(written)) == normalization.MOST_WANTED


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=200) | st.text(alphabet="\"*^'&|!:()-+<>\\{}~NEARODT \ue000#%_;,.@1a", max_size=40))
def test_nothing_typed_is_an_error(db: Db, typed: str) -> None:
    assert isinstance(found(db, typed), list)


@pytest.mark.parametrize(
    "typed",
    [
        "zoe",
        "ZOË",
        "zoe\u0308 obri",
        "o'brien",
        "obrien",
        "ΣΊΣΥΦΟΣ",
        "سامي",
        "١٢",
        "東",
        "京",
        "strasse",
        "+1 (555) 010-7788",
        "555 010 7788",
        "5550107788",
        "0015550107788",
        "7788",
        "2026-1184",
        "20261184",
        "zoe@example.com",
        "example zoe",
        "3f2a91bc-77aa-4c3e-9b1d-0123456789ab",
        "3f2a91bc77",
        "interpreters",
        "interpreter",
        "interprete",
    ],
)
def test_accents_scripts_numbers_and_addresses(db: Db, typed: str) -> None:
    rest = ("Zoe@Example.com", "+15550107788", "2026-1184", "Σίσυφος", "سامي ١٢", "東京", "Straße", "interpreters")
    search.add(db, thing("it", "Zoë O’Brien", rest=(*rest, "3f2a91bc77aa4c3e9b1d0123456789ab")))
    search.add(db, thing("other", "Somebody Else", rest=("interpretation", "someone@elsewhere.test")))
    assert found(db, typed) == ["it"]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("علی\u200cرضا محمدی", "علی\u200cرضا محمدی"),
        ("علی\u200cرضا محمدی", "علي\u200cرضا محمدي"),
        ("علی\u200cرضا محمدی", "علیرضا"),
        ("علی\u200cرضا محمدی", "علی رضا"),
        ("علی\u200cرضا محمدی", "رضا"),
        ("علی\u200cرضا", "علی\u200cر"),
        ("علي رضا", "علی\u200cرضا"),
        ("كريم", "کریم"),
        ("أحمد إبراهيم آل", "احمد ابراهيم ال"),
        ("ٱلرحمن", "الرحمن"),
        ("محـــمد", "محمد"),
        ("مُحَمَّد", "محمد"),
        ("فاطمة", "فاطمه"),
        ("مصطفى", "مصطفي"),
        ("مسؤول شيء", "مسوول شي"),
        ("ہاشمی", "هاشمي"),
        ("ﻣﺤﻤﺪ", "محمد"),
        ("Zoë O\u2018Brien", "o'brien"),
        ("Zoë O\u2018Brien", "obrien"),
        ("Zoë O`Brien", "o\u2019brien"),
        ("Kaʻahumanu", "ka'ahumanu"),
        ("Kaʻahumanu", "kaahumanu"),
        ("Ka'ahumanu", "Ka\u02bbahumanu"),
        ("inter\u00adpreter", "interpreter"),
        ("interpreter", "inter\u00adpreter"),
        ("Mar\u200bia", "maria"),
        ("Maria", "Mar\u2060ia\ufeff"),
        ("ශ්\u200dරී ලංකා", "ශ්රී ලංකා"),
        ("ශ්රී", "ශ්\u200dරී"),
        ("नर\u200dक्ष", "नरक्ष"),
        ("Anna\u00a0Lee", "anna lee"),
        ("ភាសា\u200bខ្មែរ", "ខ្មែរ"),
        ("👩\u200d👧 Lee", "lee"),
        ("\u202eLee\u202c", "lee"),
    ],
)
def test_what_nobody_sees_and_other_forms_of_a_sign_hide_nothing(db: Db, written: str, typed: str) -> None:
    search.add(db, thing("it", written))
    search.add(db, thing("other", "Somebody Else"))
    assert found(db, typed) == ["it"]
    assert found(db, written) == ["it"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    word=st.text("abcعلیكअක", min_size=2, max_size=8),
    marks=st.lists(
        st.sampled_from(["", "\u200b", "\u200c", "\u200d", "\u00ad", "\u2060", "\ufe0f"]), min_size=16, max_size=16
    ),
)
def test_marks_anywhere_in_a_word_hide_it_from_no_query(db: Db, word: str, marks: list[str]) -> None:
    half = len(marks) // 2
    written = "".join(a + b for a, b in zip(word, marks[:half], strict=False))
    typed = "".join(a + b for a, b in zip(word, marks[half:], strict=False))
    search.index(db, thing("x", written))
    assert found(db, typed) == found(db, word) == found(db, written) == ["x"]


def test_every_word_must_be_there(db: Db) -> None:
    search.add(db, thing("it", "Ada Lovelace"))
    assert found(db, "ada love") == ["it"]
    assert found(db, "ada byron") == []
    assert found(db, "!!!") == found(db, "") == found(db, "\ue000thing") == []


def test_words_of_the_title_first_whole_ones_before_beginnings_then_the_newest(db: Db) -> None:
    search.add(db, thing("rest", "Somebody", rest=("harbor",)))
    search.add(db, thing("whole", "Harbor"))
    search.add(db, thing("beginning", "Harborside"))
    search.add(db, thing("newer", "Harbor Lights"))
    assert found(db, "harbor") == ["newer", "whole", "beginning", "rest"]


def test_an_organization_is_not_drowned_by_others(db: Db) -> None:
    search.add(db, thing("mine", "Smith", organization=7))
    for n in range(30):
        search.add(db, thing(n, "Smith", organization=71))
    assert found(db, "smith", {7}, limit=10) == ["mine"]
    assert found(db, "smith", set()) == []
    assert found(db, "smith", {8}) == []
    hits = search.find(db, {KIND: None}, "smith", 10)
    assert (len(hits.rows), hits.more, hits.rows[0].subject_id) == (10, True, "29")
    hits = search.find(db, {KIND: frozenset({7, 71})}, "smith", 40)
    assert (len(hits.rows), hits.more) == (31, False)


def test_words_between_two_rungs_are_compared(db: Db) -> None:
    search.add(db, thing("old", "Interpretationsweise"))
    for n in range(5):
        search.add(db, thing(n, "Interpretationslos"))
    assert found(db, "interpretationsw", limit=2) == ["old"]
    assert found(db, "interpretationswe", limit=2) == ["old"]
    assert len(found(db, "interpretationsl", limit=2)) == 2


def test_what_changes_is_no_longer_found_by_its_old_words(db: Db) -> None:
    search.add(db, thing("it", "Ada", rest=("byron",)))
    assert search.index(db, thing("it", "Ada", rest=("lovelace",))) is True
    assert search.index(db, thing("it", "Ada", rest=("lovelace",))) is False
    assert (found(db, "byron"), found(db, "love")) == ([], ["it"])


def test_segments_are_searched_until_there_are_enough_hits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    block = search._block
    monkeypatch.setattr(search, "_block", lambda *place: [asked.append(""), block(*place)][1])
    with database.write() as db:
        for n in range(40):
            search.add(db, thing(n, "Rare" if n == 3 else "Common"))
            if not database.sqlite:
                db.execute(text("SELECT setval('search_entries_id_seq', currval('search_entries_id_seq') + 999)"))
    asked.clear()
    with database.read() as db:
        assert found(db, "rare") == ["3"]
        assert found(db, "common", limit=3) == ["39", "38", "37"]
        assert len(found(db, "common")) == 39
    assert bool(asked) is not database.sqlite


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_word_that_the_newest_entries_lack_is_not_read_whole(database: Database) -> None:
    """As after an import of thousands of items that do not have it. Where few hits are wanted no size is left out."""
    with database.write() as db:
        for n in range(36):
            search.add(db, thing(n, "Common" if n < 30 else "Imported"))
            db.execute(text("SELECT setval('search_entries_id_seq', currval('search_entries_id_seq') + 39999)"))
    heard: list[str] = []

    def hear(_c: Any, _cursor: Any, _statement: str, parameters: Any, *_: Any) -> None:
        heard.extend(str(value) for value in (parameters or {}).values())

    event.listen(database.reader, "before_cursor_execute", hear)
    try:
        with database.read() as db:
            assert found(db, "common", limit=3) == ["29", "28", "27"]
    finally:
        event.remove(database.reader, "before_cursor_execute", hear)
    sizes = [re.findall(f"{search.MARK}#(\\d+)", query) for query in heard if "common" in query]
    assert [each[0] for each in sizes if each] == ["11", "13", "15", "17", "19"]
    assert all(sizes), "never among all entries"


@pytest.mark.slow
def test_the_index_is_used(database: Database) -> None:
    with database.write() as db:
        for n in range(3000):
            search.add(db, thing(n, f"Jane{n} Smith", organization=n % 50))
    count_rows(database, "search_entries")
    for typed, whose in (("jane77", None), ("jane77 smi", {7}), ("smith", {7})):
        plan = explained(database, lambda db, t=typed, w=whose: found(db, t, w))
        if database.sqlite:
            assert "VIRTUAL TABLE INDEX" in plan, plan
            assert "SCAN e" not in plan, plan
        else:
            assert "ix_search_entries_document" in plan, plan
            assert "Seq Scan" not in plan, plan


def explained(database: Database, read: Any) -> str:
    """How the planner would run what `read` reads."""
    heard: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.append((statement, parameters))

    event.listen(database.reader, "before_cursor_execute", hear)
    try:
        with database.read() as db:
            read(db)
    finally:
        event.remove(database.reader, "before_cursor_execute", hear)
    explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
    with database.reader.connect() as connection:
        plans = [connection.exec_driver_sql(explain + statement, parameters).all() for statement, parameters in heard]
    return "\n".join(str(row[-1]) for plan in plans for row in plan)


def everything(db: Db) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (row.subject_type, row.subject_id): (row.title, row.rest)
        for row in db.execute(text("SELECT subject_type, subject_id, title, rest FROM search_entries"))
    }


def test_every_way_of_writing_keeps_the_index_and_building_anew_gives_the_same(database: Database, cast: Cast) -> None:
    home: Organization = cast.marston
    asked = factories.request(database, cast, deponent_name="Delphine Okafor", case_name="In re Castellan")
    answered = prescreen(database, home.id, "active")
    with database.write() as db:
        prescreening.answer(db, answered, "email", ["jane.elsewhere@example.com"], by=PROSPECT, now=now())
        made = inspecting.create(db, organization_id=home.id, by=BY, now=now(), notes="Water in the cellar\nCL-2026-42")
        inspecting.invite(
            db, made.id, by=BY, now=now(), recipient_first_name="Malou", recipient_email="malou@example.com"
        )
    with database.write() as db:
        seen = sha256("Water in the cellar\nCL-2026-42")
        inspecting.change_notes(db, made.id, notes="Hail on the roof", seen=seen, by=BY, now=now())
    with database.read() as db:
        for kind, typed, id in (
            (depositions.SUBJECT, "okafor castellan", asked.id),
            (depositions.SUBJECT, str(asked.id), asked.id),
            (prescreens.SUBJECT, "jane elsewhere", answered),
            (prescreens.SUBJECT, str(answered), answered),
            (inspections.SUBJECT, "malou", made.id),
            (inspections.SUBJECT, "hail roof", made.id),
            (inspections.SUBJECT, str(made.id)[:8], made.id),
        ):
            assert search.ids(db, kind, typed, {home.id}) == [str(id)], typed
            assert search.ids(db, kind, typed, {cast.harbor.id}) == [], typed
        assert search.ids(db, inspections.SUBJECT, "cellar", None) == []
        assert search.differences(db, SOURCES) == []
        before = everything(db)
    with database.write() as db:
        assert search.rebuild(db, SOURCES) == len(before) == 3
    with database.read() as db:
        assert everything(db) == before
        assert search.differences(db, SOURCES) == []
    with database.write() as db:
        db.execute(text("UPDATE search_entries SET rest = 'nonsense' WHERE subject_type = 'inspection'"))
        db.execute(text("DELETE FROM search_entries WHERE subject_type = 'deposition'"))
    with database.read() as db:
        assert {(each.subject_type, each.what) for each in search.differences(db, SOURCES)} == {
            ("inspection", "other words"),
            ("deposition", "missing"),
        }
