"""Addresses of lists at all three desks: what cannot be read is named and dropped, and the other filters hold."""

import csv
import html
import io
import re
from datetime import date

import pytest
from werkzeug.test import TestResponse

from app.dashboard.assignees import ME, UNASSIGNED
from app.dashboard.filters import Active, Filters, Reader
from app.depositions.views.filters import FILTERS as DEPOSITIONS
from app.inspections.views.filters import FILTERS as INSPECTIONS
from app.prescreens.views.filters import FILTERS as PRESCREENS
from tests.depositions import factories
from tests.pages import csrf, text

DESKS = ("depositions", "prescreens", "inspections")
PEOPLE = {"depositions": "ines", "prescreens": "lena", "inspections": "otto"}
ALL = {"depositions": DEPOSITIONS, "prescreens": PRESCREENS, "inspections": INSPECTIONS}
STATE = {"depositions": "state", "prescreens": "state", "inspections": "language"}
"""The argument of a choice at each desk; at prescreens it chooses the tab too."""

UNREADABLE = [
    ("{tab}", "nonsense"),
    ("{state}", "nonsense"),
    ("from", "2026-13-01"),
    ("from", "soon"),
    ("when", "some-day"),
    ("to", "0001-01-01"),
    ("with", "0"),
    ("with", "x"),
    ("with", "-1"),
    ("with", "1234567890"),
    ("organization", "0"),
    ("organization", "marston"),
    ("organization", "1,x"),
    ("organization", ",".join(map(str, range(1, 52)))),
    ("sort", "upside"),
    ("tag", "x" * 31),
]


@pytest.fixture(params=DESKS)
def desk(request):
    return request.param


@pytest.fixture
def person(client, cast, desk):
    return cast.sign_in(client, PEOPLE[desk])


def argument(desk, name):
    return name.format(tab=ALL[desk].tabs.name, state=STATE[desk])


def notices(answer: TestResponse) -> list[str]:
    return re.findall(r'role="alert">.*?<strong>“(.*?)” was left out\.</strong>', text(answer))


@pytest.mark.parametrize(("name", "value"), UNREADABLE)
def test_what_cannot_be_read_is_named_and_dropped_and_the_rest_holds(person, desk, name, value):
    name = argument(desk, name)
    answer = person.get(f"/{desk}?q=lindqvist&{name}={value}")
    assert answer.status_code == 422
    assert len(notices(answer)) == 1
    page = text(answer)
    assert 'id="queue"' in page
    assert f'href="/{desk}/csv?q=lindqvist"' in page, "the other filter holds, and the unreadable one is gone"
    assert "data-live-every" not in page
    assert 'name="q" id="filter-q" value="lindqvist"' in page


def test_two_that_cannot_be_read_are_both_named(person, desk):
    answer = person.get(f"/{desk}?from=x&with=x")
    assert answer.status_code == 422
    assert len(notices(answer)) == 2


def test_a_fragment_says_it_too_and_scripts_show_it(person, desk):
    headers = {"HX-Request": "true", "HX-Target": "div#queue"}
    answer = person.get(f"/{desk}?from=2026-13-01", headers=headers)
    assert answer.status_code == 422
    assert text(answer).startswith('<div id="queue"')
    assert len(notices(answer)) == 1
    assert answer.headers["HX-Retarget"] == "#queue"
    assert answer.headers["HX-Push-Url"] == "false"


def test_a_poll_of_such_a_page_is_never_unchanged(person, desk):
    revision = person.get(f"/{desk}").headers["ETag"]
    poll = {"X-Desk-Poll": "1", "If-None-Match": revision}
    assert person.get(f"/{desk}", headers=poll).status_code == 304
    assert person.get(f"/{desk}?from=x", headers=poll).status_code == 422


def test_no_file_of_another_list_is_handed_out(person, desk):
    answer = person.get(f"/{desk}/csv?from=2026-13-01")
    assert answer.status_code == 422
    assert "Write the day as mm/dd/yyyy" in text(answer)


def test_ticked_rows_of_such_a_list_stay_as_they_are(person, desk):
    data = {"csrf_token": csrf(person, f"/{desk}"), "row": ["1:1"], "act": "tag", "tag": "vip"}
    answer = person.post(f"/{desk}/bulk?with=0", data=data)
    assert answer.status_code == 422
    assert "There is no such person." in text(answer)


def test_a_saved_view_that_became_unreadable_opens_the_same_way(person, desk):
    token = csrf(person, f"/{desk}")
    query = f"{argument(desk, '{state}')}=retired&q=lindqvist"
    saved = person.post(f"/views/{desk}/save", data={"csrf_token": token, "name": "Mine", "query": query})
    assert saved.status_code == 303
    answer = person.get(saved.headers["Location"])
    assert answer.status_code == 422
    assert len(notices(answer)) == 1
    assert f'href="/{desk}/csv?q=lindqvist"' in text(answer)


@pytest.mark.parametrize("value", ["me", "nobody"])
def test_me_and_nobody_work_everywhere(person, desk, value):
    page = text(person.get(f"/{desk}?with={value}"))
    assert f'href="/{desk}/csv?with={value}"' in page
    assert f'<option value="{value}" selected>' in page


def test_ones_own_number_is_me_in_the_form_and_stays_in_the_address(person, desk, cast):
    number = cast.people[PEOPLE[desk]].id
    page = text(person.get(f"/{desk}?with={number}"))
    assert f'href="/{desk}/csv?with={number}"' in page
    assert '<option value="me" selected>' in page


def test_a_row_of_a_list_that_cannot_be_read_opens(client, cast, database):
    made = factories.request(database, cast)
    ines = cast.sign_in(client, "ines")
    answer = ines.get(f"/depositions/{made.id}?state=nonsense&tag=vip")
    assert answer.status_code == 200
    assert f'action="/depositions/{made.id}/assign?tag=vip"' in text(answer) or "tag=vip" in text(answer)
    assert "nonsense" not in text(answer)


def test_a_csv_of_nobodys_rows_holds_nobodys_rows(client, cast, database):
    factories.request(database, cast)
    ines = cast.sign_in(client, "ines")
    for value, rows in (("nobody", 1), ("me", 0)):
        found = list(csv.reader(io.StringIO(text(ines.get(f"/depositions/csv?with={value}"))[1:], newline="")))
        assert len(found) == rows + 1


def test_several_organizations_are_one_list(client, cast, database):
    for place in ("marston", "harbor", "quill"):
        factories.request(database, cast, place, deponent_name=f"Deponent of {place}")
    ines, both = cast.sign_in(client, "ines"), f"{cast.marston.id},{cast.harbor.id}"
    asked = ines.get(f"/depositions?organization={cast.harbor.id}&organization={cast.marston.id}")
    assert (asked.status_code, asked.headers["Location"]) == (303, f"/depositions?organization={both}")
    page = html.unescape(text(ines.get(asked.headers["Location"])))
    assert [place for place in ("marston", "harbor", "quill") if f"Deponent of {place}" in page] == [
        "marston",
        "harbor",
    ]
    assert len(re.findall(r'name="organization" value="\d+" checked', page)) == 2
    chips = re.findall(r'<a class="chip set" href="([^"]+)".*?<bdi>(.*?)</bdi>', page)
    assert chips == [
        (f"/depositions?organization={cast.harbor.id}", cast.marston.name),
        (f"/depositions?organization={cast.marston.id}", cast.harbor.name),
    ]
    exported = text(ines.get(f"/depositions/csv?organization={both}"))
    assert [place for place in ("marston", "harbor", "quill") if f"Deponent of {place}" in exported] == [
        "marston",
        "harbor",
    ]


def test_of_several_organizations_only_ones_own_are_in_the_list(client, cast, database):
    for place in ("marston", "harbor"):
        factories.request(database, cast, place, deponent_name=f"Deponent of {place}")
    adam = cast.sign_in(client, "adam")
    page = text(adam.get(f"/depositions?organization={cast.marston.id},{cast.harbor.id}"))
    assert "Deponent of marston" in page
    assert "Deponent of harbor" not in page
    assert "Another organization" in page
    assert cast.harbor.name not in page


# The objects themselves


@pytest.mark.parametrize("filters", ALL.values(), ids=ALL)
def test_every_value_is_written_as_it_is_read(filters: Filters):
    given = {"with": "nobody", "organization": "7", "from": "2026-11-24", "to": "2026-11-25", "tag": "vip", "q": "ada"}
    chosen = filters.read({**given, "sort": ""}, Reader(3))
    assert chosen.args == given
    assert chosen.unreadable == []
    assert chosen.organization_ids == (7,)
    assert {type(value) for value in chosen.values.values()} >= {date, tuple, str}
    again = filters.read(chosen.args, Reader(3))
    assert (again.args, again.kind, again.values) == (chosen.args, chosen.kind, chosen.values)
    for name in given:
        assert set(chosen.without(Active((name,), "", "")).args) == set(given) - {name}


@pytest.mark.parametrize("filters", ALL.values(), ids=ALL)
def test_lists_that_differ_in_values_alone_share_their_statements(filters: Filters):
    def kind(**args):
        return filters.read(args, Reader(3)).kind

    assert kind(tag="vip", q="ada") == kind(tag="dogs", q="bea")
    assert kind(**{"with": "3"}) == kind(**{"with": "me"}) != kind(**{"with": "nobody"})
    assert kind() != kind(tag="vip")
    assert hash(kind(tag="vip")) == hash(kind(tag="dogs"))


@pytest.mark.parametrize("filters", ALL.values(), ids=ALL)
def test_each_of_a_few_organizations_has_its_own_ranges(filters: Filters):
    def places(n, reach=None):
        return filters.read({"organization": ",".join(map(str, range(1, n + 1)))}, Reader(3, reach)).kind.places

    assert [places(n) for n in (1, 2, 8, 9, 50)] == [1, 2, 8, 9, 9]
    assert (places(3, frozenset([2, 3, 4])), places(3, frozenset([4]))) == (2, 0)
    assert filters.read({}, Reader(3)).kind.places is None
    assert filters.read({}, Reader(3, frozenset([4, 5]))).kind.places == 2


def test_a_cursor_knows_whose_list_it_is_of():
    mine, theirs = (
        DEPOSITIONS.read({"with": "me"}, Reader(id)).purpose("depositions", ["view", "with"]) for id in (3, 4)
    )
    assert mine != theirs


def test_sentinels_are_no_numbers():
    filters = {filter.name: filter for filter in DEPOSITIONS.filters}
    assert filters["with"].parse("nobody", Reader(3)) is UNASSIGNED
    assert filters["with"].parse("me", Reader(3)) is ME
    assert not isinstance(UNASSIGNED, int)
