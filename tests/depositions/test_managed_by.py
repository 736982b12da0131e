"""Who is assigned to a request and who manages its session are two columns, two filters and two fields of the CSV."""

import csv
import io
import re

from app.dashboard.filters import Reader
from app.depositions import actions
from app.depositions.queries import listing
from app.depositions.views.filters import FILTERS
from app.kernel.clock import now
from tests.depositions import factories
from tests.pages import text


def people(page):
    """The cells of the list's only row, by the column's head."""
    heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", page, re.S)
    row = re.search(r"<tr id=\"deposition-.*?</tr>", page, re.S)[0]
    cells = re.findall(r"<t[dh][ >].*?</t[dh]>", row, re.S)
    names = [re.sub(r"<[^>]+>", "", head).strip() for head in heads]
    return dict(zip(names, cells, strict=True))


def booked(database, cast, **facts):
    """A session that Ines manages, whose request is assigned to Hugo."""
    made = factories.request(database, cast, **facts)
    hugo = cast.people["hugo"]
    with database.write() as db:
        actions.assign(db, made.id, assignee=(hugo.id, hugo.name), by=cast.actor("ines"), now=now(), version=None)
    return factories.schedule(database, cast, made.id)


def exported(client, query):
    return list(csv.DictReader(io.StringIO(text(client.get(f"/depositions/csv{query}"))[1:], newline="")))


def test_two_columns(ines, cast, database):
    booked(database, cast)
    cells = people(text(ines.get("/depositions?view=scheduled")))
    assert cast.people["hugo"].name in cells["Assigned to"]
    assert "Ines Okafor" in cells["Managed by"]
    factories.request(database, cast)
    assert "Managed by" not in people(text(ines.get("/depositions")))


def test_two_filters(ines, cast, database):
    first = booked(database, cast)
    ready = factories.in_state(database, cast, "ready")
    hugo, me = cast.people["hugo"].id, cast.ines.id

    def found(query):
        return sorted(int(row["Number"]) for row in exported(ines, f"?view=scheduled&{query}"))

    assert found("manager=me") == found(f"manager={me}") == [first.id]
    assert found(f"manager={hugo}") == []
    assert found("manager=nobody") == [ready.id]
    assert found(f"with={hugo}") == [first.id], "a saved view with this filter finds what it found"
    assert found("with=me") == []
    assert found(f"with={hugo}&manager=me") == [first.id]
    page = text(ines.get("/depositions?view=scheduled&manager=me"))
    assert 'name="manager"' in page
    assert 'data-row="' in page
    needs = ines.get("/depositions?manager=me")
    assert needs.status_code == 200
    assert 'name="manager"' not in text(needs), "no request that needs scheduling has a manager"
    for unknown in ("x", "outsider-", "outsider-x", "outsider-0", "-1"):
        assert ines.get(f"/depositions?view=scheduled&manager={unknown}").status_code == 422


def test_outsiders_can_be_asked_for_too(ines, cast, database):
    factories.in_state(database, cast, "scheduled")
    theirs = factories.request(database, cast, **factories.OTHERS)
    theirs = factories.schedule(
        database, cast, theirs.id, manager_name="Quartz Verbena", manager_email="quartz@partner.example.com"
    )
    address = f"manager=outsider-{theirs.manager_id}"
    assert [int(row["Number"]) for row in exported(ines, f"?view=scheduled&{address}")] == [theirs.id]
    page = text(ines.get(f"/depositions?view=scheduled&{address}"))
    assert f'<option value="outsider-{theirs.manager_id}" selected>Quartz Verbena</option>' in page
    assert exported(ines, "?view=scheduled&manager=outsider-987654") == []
    gone = text(ines.get("/depositions?view=scheduled&manager=outsider-987654"))
    assert "a manager who is not here" in gone
    assert 'value="outsider-987654" selected' in gone, "another filter does not take this one away"


def test_a_cursor_of_one_manager_is_no_cursor_of_another():
    """A cursor is bound to every filter that was set, and those from before this filter stay what they were."""

    def purpose(**args):
        return FILTERS.read(args, Reader(person_id=3)).purpose("depositions", listing.CURSOR_NAMES)

    plain, mine = purpose(view="scheduled"), purpose(view="scheduled", manager="me")
    assert "manager" not in plain
    assert mine == purpose(view="scheduled", manager="3")
    assert len({plain, mine, purpose(view="scheduled", manager="4"), purpose(view="scheduled", manager="nobody")}) == 4


def test_the_csv_has_what_the_desk_needs(ines, cast, database):
    made = booked(
        database, cast, starts_at=factories.at("2027-11-07 08:30"), estimated_duration=0.75, file_number="F-7"
    )
    (row,) = exported(ines, "?view=scheduled")
    assert row["Number"] == str(made.id)
    assert row["Title"] == "Deposition of a witness"
    assert row["From and to, where it is"] == "Sun 7 Nov 2027, 1:30 AM PDT to 1:15 AM PST"
    assert row["Length"] == "45 min"
    assert row["E-mail"] == "orsolya@example.com"
    assert row["Invited"] == "quartz@example.com, obsidian@example.com (host)"
    assert (row["Managed by"], row["Manager’s e-mail"]) == ("Ines Okafor", "ines@example.com")
    assert (row["Video"], row["Room"], row["File number"]) == ("chime", factories.ROOM, "F-7")
    assert row["Assigned to"] == cast.people["hugo"].name


def test_the_csv_says_which_video_was_asked_for_until_one_is_booked(ines, cast, database):
    asked = factories.request(database, cast, details={"video_provider": 'Zoom ünlü, "x"'})
    plain = factories.request(database, cast, details={})
    booked(database, cast, details={"video_provider": "Zoom"})
    rows = {row["Number"]: row["Video"] for row in exported(ines, "?view=everything")}
    assert rows.pop(str(asked.id)) == 'Zoom ünlü, "x"'
    assert rows.pop(str(plain.id)) == ""
    assert list(rows.values()) == ["chime"]
