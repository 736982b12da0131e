"""A search that finds nothing on its tab says which other tabs have what was looked for."""

import re

import pytest

from tests.depositions import factories as depositions
from tests.pages import text
from tests.prescreens.factories import prescreen


def links(answer):
    """The links of the empty state: label and address."""
    found = text(answer).partition("Other lists have")[2].partition("</ul>")[0]
    return [
        (re.sub(r"<[^>]+>", "", label).strip(), url) for url, label in re.findall(r'href="([^"]+)">(.*?)</a>', found)
    ]


@pytest.fixture
def two(database, cast):
    """A canceled deposition of Jane Doe, and a new one of somebody else."""
    canceled = depositions.in_state(database, cast, "canceled")
    depositions.request(database, cast, deponent_name="Rafael Lindqvist")
    return canceled


def test_the_other_tabs_are_named_with_what_they_hold(client, cast, database, two):
    ines = cast.sign_in(client, "ines")
    needs, *_, found = links(ines.get(f"/depositions?q=northline&organization={cast.marston.id}&view=scheduled"))
    assert (needs[0], found[0]) == ("To schedule: 1", "All: 2")
    assert "Nothing here" not in text(ines.get(found[1].replace("&amp;", "&")))
    assert f"organization={cast.marston.id}" in found[1], "the other filters hold"


def test_nothing_is_said_when_there_is_nothing(client, cast, database, two):
    ines = cast.sign_in(client, "ines")
    assert links(ines.get("/depositions?q=nosuchword&view=scheduled")) == []
    assert links(ines.get("/depositions?view=scheduled")) == []


def test_other_organizations_are_not_counted(client, cast, database):
    prescreen(database, cast.harbor.id, given={"fullName": "Hye-jin Park"})
    lena = cast.sign_in(client, "lena")
    assert links(lena.get("/prescreens?q=hye&state=decided")) == []
    prescreen(database, cast.marston.id, given={"fullName": "Hye-jin Park"})
    assert [label for label, _ in links(lena.get("/prescreens?q=hye&state=decided"))] == [
        "To review: 1",
        "All: 1",
    ]
