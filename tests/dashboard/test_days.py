"""Days of a list: typed as the reader writes them, kept in the address in one form, or a period by name."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from app.dashboard.day_forms import day_form
from app.dashboard.filters import Filters, Reader
from app.dashboard.filters.days import PERIODS, days_of
from app.depositions.models import Deposition
from app.depositions.views.filters import FILTERS as DEPOSITIONS
from app.inspections.views.filters import FILTERS as INSPECTIONS
from app.kernel.clock import now
from app.prescreens.views.filters import FILTERS as PRESCREENS
from tests.depositions import factories
from tests.pages import text

ALL = {"depositions": DEPOSITIONS, "prescreens": PRESCREENS, "inspections": INSPECTIONS}
PEOPLE = {"depositions": "ines", "prescreens": "lena", "inspections": "otto"}
BERLIN, NEW_YORK = Reader(3, None, "Europe/Berlin"), Reader(3, None, "America/New_York")
SATURDAY = datetime(2026, 11, 28, 3, tzinfo=UTC)
"""Still Friday in New York."""


@pytest.fixture(params=ALL)
def desk(request):
    return request.param


@pytest.fixture
def person(client, cast, desk):
    return cast.sign_in(client, PEOPLE[desk])


def chips(page: str) -> list[tuple[str, str]]:
    """The filters that are set, in words, with the addresses that take them off."""
    found = re.findall(r'<a class="chip set" href="([^"]*)"[^>]*>(.*?)<svg', page)
    return [(re.sub(r"<[^>]+>", "", words), url.replace("&amp;", "&")) for url, words in found]


def test_a_day_as_the_reader_writes_it_is_kept_as_everybody_reads_it(person, desk):
    answer = person.get(f"/{desk}?with=me&from=11/24/2026&to=Mon+30+Nov+2026")
    assert answer.status_code == 303
    assert answer.location == f"/{desk}?with=me&from=2026-11-24&to=2026-11-30"
    page = text(person.get(answer.location))
    assert 'name="from" id="filter-from" value="11/24/2026"' in page
    assert [words for words, _ in chips(page)][-1].endswith(": 11/24/2026–11/30/2026")
    fragment = person.get(f"/{desk}?from=11/24/2026", headers={"HX-Request": "true", "HX-Target": "div#queue"})
    assert fragment.status_code == 200
    assert fragment.headers["HX-Push-Url"] == f"/{desk}?from=2026-11-24"


def test_what_is_no_day_stays_as_it_was_typed_beside_the_form_that_is(person, desk):
    page = text(person.get(f"/{desk}?from=24/11/2026&to=2026-11-30"))
    assert 'name="from" id="filter-from" value="24/11/2026"' in page
    assert "Write the day as mm/dd/yyyy, for example" in page
    assert [url for _, url in chips(page)] == [f"/{desk}"], "the other end holds, and is set by itself"


def test_each_chip_takes_off_its_own_filter(person, desk):
    found = chips(text(person.get(f"/{desk}?with=me&when=this-week&q=lindqvist")))
    assert [words.partition(":")[2].strip() or words for words, _ in found] == [
        "Assigned to you",
        "this week",
        "lindqvist",
    ]
    assert [url for _, url in found] == [
        f"/{desk}?when=this-week&q=lindqvist",
        f"/{desk}?with=me&q=lindqvist",
        f"/{desk}?with=me&when=this-week",
    ]


def test_a_period_is_one_press_away(person, desk):
    page = text(person.get(f"/{desk}?with=me&from=2026-11-24"))
    assert f'href="/{desk}?with=me&amp;when=today" data-period="today">Today</a>' in page
    page = text(person.get(f"/{desk}?when=today"))
    assert 'data-period="today" aria-current="true">Today</a>' in page


def test_days_that_are_typed_win_over_a_period(person, desk):
    answer = person.get(f"/{desk}?when=today&to=2026-11-24")
    assert answer.location == f"/{desk}?to=2026-11-24"


def test_a_period_finds_what_lies_in_it(client, cast, database):
    ines = cast.sign_in(client, "ines")
    for name, days in (("Today", 0), ("Tomorrow", 1), ("Far", 70)):
        made = factories.request(database, cast, deponent_name=f"Deponent {name}")
        starts = now() + timedelta(days=days)
        times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1)}
        with database.write() as db:
            db.execute(update(Deposition).where(Deposition.id == made.id).values(times))
    page = text(ines.get("/depositions?view=all&when=tomorrow"))
    assert re.findall("Deponent (Today|Tomorrow|Far)</", page) == ["Tomorrow"]


# The objects themselves


@pytest.mark.parametrize("filters", ALL.values(), ids=ALL)
@pytest.mark.parametrize("period", PERIODS)
def test_a_period_is_the_days_it_means_in_the_zone_of_the_reader(filters: Filters, period: str, database):
    with time_machine.travel(SATURDAY, tick=False), database.read() as db:
        for reader in (BERLIN, NEW_YORK):
            first, last = days_of(period, reader.today, reader.day_form)
            chosen = filters.read({"when": period}, reader)
            typed = filters.read({"from": first.isoformat(), "to": last.isoformat()}, reader)
            bound, same = chosen.bind(db), typed.bind(db)
            assert (bound["when_from"], bound["when_to"]) == (same["from"], same["to"])
            assert chosen.args == {"when": period}


def test_weeks_begin_as_in_the_readers_country():
    friday = SATURDAY.date() - timedelta(days=1)
    assert [str(day) for day in days_of("this-week", friday, day_form("Europe/Berlin"))] == ["2026-11-23", "2026-11-29"]
    assert [str(day) for day in days_of("this-week", friday, day_form("America/New_York"))] == [
        "2026-11-22",
        "2026-11-28",
    ]
