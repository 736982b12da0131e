"""The pages: who may open them, and that they say what the API says."""

import pytest

from app.depositions import actions
from app.kernel.clock import now
from tests.depositions import factories
from tests.pages import text, without_tokens

ROOM = factories.ROOM


@pytest.mark.parametrize("who", ["hugo", "ada", "adam", "aude"])
def test_who_may_only_read(client, cast, database, who):
    made = factories.request(database, cast)
    cast.sign_in(client, who)
    page = text(client.get(f"/depositions/{made.id}"))
    assert "Only the scheduling team may do this." in page
    assert "Review and schedule" not in page
    assert "Assign to me:" not in text(client.get("/depositions"))


@pytest.mark.parametrize("who", ["lena", "otto", "nora", None])
def test_who_may_not_read(client, cast, database, who):
    made = factories.request(database, cast)
    if who:
        cast.sign_in(client, who)
    for url in ("/depositions", f"/depositions/{made.id}"):
        answer = client.get(url)
        assert answer.status_code == (403 if who else 303)
        assert "Orsolya" not in text(answer)


def test_another_organizations_deposition_is_not_there(client, cast, database):
    made = factories.request(database, cast, organization="harbor")
    cast.sign_in(client, "adam")
    foreign, unknown = client.get(f"/depositions/{made.id}"), client.get("/depositions/4711")
    assert foreign.status_code == unknown.status_code == 404
    assert "Orsolya" not in text(client.get("/depositions?view=everything"))
    assert "Orsolya" not in text(client.get(f"/depositions?view=everything&organization={cast.harbor.id}"))


@pytest.mark.parametrize(
    "query",
    [
        "view=nothing",
        "state=lost",
        "organization=x",
        "organization=-1",
        "from=yesterday",
        "to=2026-02-30",
        "after=forged",
    ],
)
def test_unreadable_filters_are_refused(ines, cast, query):
    assert ines.get(f"/depositions?{query}").status_code in (400, 422)


@pytest.mark.parametrize("view", ["needs", "soon", "cancellation", "not-up-to-date", "scheduled", "everything"])
def test_empty_lists(ines, cast, view):
    page = text(ines.get(f"/depositions?view={view}"))
    assert "No requests yet" in page
    assert 'href="/docs/api/depositions"' in page


def test_the_three_empty_faces(ines, cast, database):
    factories.in_state(database, cast, "canceled")
    assert "All scheduled" in text(ines.get("/depositions"))
    page = text(ines.get("/depositions?view=everything&q=nobody"))
    assert "Nothing matches" in page
    assert "The filters hide 1 request." in page
    assert "Without “Text: nobody”: 1" in page


def test_the_fragment_stands_in_its_page(ines, cast, database):
    factories.request(database, cast)
    fragment = text(ines.get("/depositions", headers={"HX-Request": "true", "HX-Target": "div#queue"}))
    assert fragment.lstrip().startswith('<div id="queue" ')
    assert without_tokens(fragment).strip() in without_tokens(text(ines.get("/depositions")))


def test_hostile_text_is_printed_not_run(ines, cast, database):
    nasty = "<script>alert(1)</script>"
    made = factories.request(
        database,
        cast,
        title=nasty,
        case_name=nasty,
        deponent_name=nasty,
        details=factories.new_request.tidy_details({"additional_details": nasty, "interpreter": nasty}),
    )
    for url in ("/depositions", f"/depositions/{made.id}"):
        page = text(ines.get(url))
        assert nasty not in page
        assert "&lt;script&gt;" in page


def test_the_page_says_what_the_api_says(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    headers = cast.headers("depositions")
    detail = ines.post(f"/api/v1/session_requests/{made.id}/cancel", headers=headers).json["detail"]
    assert "already booked" in detail
    (row,) = ines.get("/api/v1/session_requests", headers=headers).json["requests"]
    page = text(ines.get(f"/depositions/{made.id}"))
    assert row["session_url"].removeprefix("http://localhost:8000").removesuffix("/join") in page
    assert row["remote_session"]["start_time"] in page
    assert row["remote_session"]["time_zone"].replace("&", "&amp;") in page


def test_flags_are_explained(ines, cast, database):
    made = factories.request(database, cast, starts_at=factories.at("2025-01-28 09:30"), postback_url=None)
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "1:30 AM is outside 7 AM to 8 PM" in page
    assert "The requested time is already over." in page
    assert "your time 4:30 AM EST" in page


def test_the_managers_day_names_no_session_of_another_organization(app, cast, database):
    mine = factories.in_state(database, cast, "scheduled")
    other = factories.request(database, cast, "harbor", title="Harbor’s secret", deponent_name="Silas Stone")
    with database.write() as db:
        booking = factories.booking(cast, reason="At once.")
        actions.schedule(db, other.id, booking, by=cast.actor("ines"), now=now())
    page = text(cast.sign_in(app.test_client(), "adam").get(f"/depositions/{mine.id}"))
    assert "A session of another organization" in page
    assert "Silas" not in page
    assert "secret" not in page
    assert "Silas Stone" in text(cast.sign_in(app.test_client(), "ines").get(f"/depositions/{mine.id}"))
