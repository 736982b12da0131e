"""The plan over HTTP: proposed, reviewed, booked one by one; overtaken, twice, by two at once; and of who is away."""

import re
from datetime import date
from functools import partial

import pytest
from sqlalchemy import func, insert, select, update

from app.accounts.models import Person
from app.depositions import actions
from app.depositions.actions import roster
from app.depositions.models import Absence, Deposition, Manager
from app.depositions.queries import planning
from app.depositions.rules.plan.words import propose
from app.depositions.rules.proposals import NewProposal
from app.depositions.rules.roster import RosterFacts
from app.depositions.views import plan as plan_page
from app.depositions.views import plan_review
from app.kernel.changes.events import Event
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.pages import at_once, csrf, presser, text

ZOOM = {"zoom": "https://zoom.example.com/{id}"}


@pytest.fixture(autouse=True)
def today(clock, cast, database):
    """It is Tuesday, 1 December 2026, and the scheduler lives by UTC."""
    clock.set(factories.at("2026-12-01 10:00"))
    with database.write() as db:
        db.execute(update(Person).values(time_zone="UTC"))


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Every plan is thought through to its best, on however slow a machine."""
    monkeypatch.setattr(plan_page, "propose", partial(propose, time_limit=600))


@pytest.fixture
def team(database, cast):
    """Ana and Kwame alone are in the roster, with rooms; the ids of their rows."""
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
        return [
            roster.add(db, RosterFacts(name, email, "UTC", templates=ZOOM), by=cast.actor("ines"), now=now())
            for name, email in (("Ana Ruiz", "ana@example.com"), ("Kwame Osei", "kwame@example.com"))
        ]


def asked(database, cast, hour="09:00", **facts):
    facts = {"details": {}, **facts}
    return factories.request(database, cast, starts_at=factories.at(f"2026-12-08 {hour}"), zone="UTC", **facts)


def other(n):
    """A request that has nothing in common with others but its hour."""
    person = {"deponent_name": f"Witness {n}", "deponent_email": f"witness{n}@example.com"}
    return {"case_name": f"Case {n}", "invites": (), **person}


def plan(client, query=""):
    answer = client.get(f"/depositions/plan{query}")
    assert answer.status_code == 200, text(answer)
    return text(answer)


def tokens(page):
    return re.findall(r'name="book" value="([^"]+)"', page)


def review(client, items):
    answer = client.post("/depositions/plan/review", data={"csrf_token": csrf(client), "book": items})
    assert answer.status_code == 200, text(answer)
    return text(answer)


def book(client, reviewed, **fields):
    """Presses the button of the page of all messages."""
    answer = client.post("/depositions/plan/book", data={"csrf_token": csrf(client), **form_of(reviewed), **fields})
    assert answer.status_code == 200, text(answer)
    return text(answer)


def form_of(reviewed):
    seen = dict(re.findall(r'name="(seen-\d+)" value="([0-9a-f]+)"', reviewed))
    return {"book": tokens(reviewed), **seen}


def test_from_the_proposal_to_the_booking(ines, cast, database, team, outbox):
    first = asked(database, cast, details={"preferred_manager": "Kwame Osei"})
    second = asked(database, cast, "09:30", **other(2))
    page = plan(ines)
    assert "A plan for 2 requests" in page
    assert "Kwame Osei</bdi> takes <bdi>Orsolya Brandt" in page
    assert "Ana Ruiz</bdi> takes <bdi>Witness 2" in page
    assert "asked for, 1 h 15 min that day" in page
    assert "Nobody else could: Ana Ruiz takes Witness 2 then." in page
    reviewed = review(ines, tokens(page))
    assert "Subject" in reviewed or "calendar file" in reviewed
    assert "witness2@example.com" in reviewed
    assert stored(database, first.id).state == "initial", "a review books nothing"
    done = book(ines, reviewed)
    assert "2 sessions booked" in done
    assert [stored(database, one.id).manager_name for one in (first, second)] == ["Kwame Osei", "Ana Ruiz"]
    assert stored(database, first.id).room_url == f"https://zoom.example.com/{first.id}"
    with database.read() as db:
        kinds = select(func.count()).where(Event.kind == "deposition.scheduled")
        assert db.execute(kinds).scalar() == 2
    assert "No request waits" in plan(ines)


def test_what_was_overtaken_falls_out_and_the_rest_goes_through(ines, cast, database, team):
    first, second = asked(database, cast), asked(database, cast, "13:00", **other(2))
    reviewed = review(ines, tokens(plan(ines)))
    with database.write() as db:
        actions.cancel(db, first.id, by=cast.actor("ines"), now=now(), notify=False)
    done = book(ines, reviewed)
    assert "1 session booked" in done
    assert "This request was canceled." in done
    assert [stored(database, one.id).state for one in (first, second)] == ["canceled", "scheduled"]


def test_a_manager_who_got_another_session_meanwhile_needs_a_look(ines, cast, database, team):
    ana, _ = team
    asked(database, cast)
    page = plan(ines)
    assert "Ana Ruiz</bdi> takes" in page
    reviewed = review(ines, tokens(page))
    meanwhile = asked(database, cast, "09:30", **other(2))
    factories.schedule(database, cast, meanwhile.id, manager_name="", manager_email="", manager_id=ana)
    done = book(ines, reviewed)
    assert "0 sessions booked" in done
    assert "Overlaps" in done
    # Another look asks why, and then it is booked.
    again = review(ines, tokens(reviewed))
    assert "despite that" in again
    [id] = re.findall(r'name="reason-(\d+)"', again)
    assert "0 sessions booked" in book(ines, again)
    assert "1 session booked" in book(ines, again, **{f"reason-{id}": "She does both."})


def test_messages_that_changed_are_not_sent_unseen(ines, cast, database, team):
    made = asked(database, cast)
    reviewed = review(ines, tokens(plan(ines)))
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == made.id).values(title="Another title"))
    assert "What would be sent has changed since you saw it." in book(ines, reviewed)
    assert stored(database, made.id).state == "initial"


def test_the_second_press_books_nothing_more(ines, cast, database, team):
    asked(database, cast)
    reviewed = review(ines, tokens(plan(ines)))
    assert "1 session booked" in book(ines, reviewed)
    again = book(ines, reviewed)
    assert "0 sessions booked" in again
    assert "This request is already scheduled." in again


def test_two_dispatchers_plan_at_once(ines, cast, database, app, team, another_browser):
    """Both see the same plan; of each booking one wins, and nobody is booked twice."""
    made = [asked(database, cast, f"{10 + n}:00", **other(n)) for n in range(3)]
    dana = another_browser()
    plans = [plan(client) for client in (ines, dana)]
    assert tokens(plans[0]) == tokens(plans[1])
    forms = [form_of(review(client, tokens(page))) for client, page in zip((ines, dana), plans, strict=True)]
    presses = [
        presser(client, "/depositions/plan/book", **form) for client, form in zip((ines, dana), forms, strict=True)
    ]
    pages = [text(answer) for answer in at_once(presses)]
    booked = [int(re.search(r"(\d) sessions? booked", page)[1]) for page in pages]
    assert sum(booked) == len(made)
    assert {stored(database, one.id).state for one in made} == {"scheduled"}
    with database.read() as db:
        assert db.execute(select(func.count()).where(Event.kind == "deposition.scheduled")).scalar() == len(made)


def test_a_plan_asked_for_twice_at_once_is_the_same_for_both(ines, cast, database, app, team, another_browser):
    for n in range(4):
        asked(database, cast, f"{10 + n}:30", **other(n))
    browsers = [ines, another_browser()]
    pages = at_once([lambda each=each: plan(each) for each in browsers])
    assert tokens(pages[0]) == tokens(pages[1])
    assert len(tokens(pages[0])) == 4


def test_pins_and_drops_stand_in_the_address(ines, cast, database, team):
    ana, kwame = team
    first, second = asked(database, cast), asked(database, cast, "13:00", **other(2))
    page = plan(ines, f"?pin={first.id}-{kwame}&drop={second.id}")
    assert "Kwame Osei</bdi> takes <bdi>Orsolya Brandt" in page
    assert "Witness 2</bdi> takes" not in page
    assert "Put back" in page
    assert f"pin={first.id}-{kwame}" in page
    changed = plan(ines, f"?pin={first.id}-{kwame}&change={first.id}")
    assert "Who could take Orsolya Brandt instead" in changed
    assert f"pin={first.id}-{ana}" in changed


def test_an_hour_that_is_offered_counts_as_taken(ines, cast, database, team):
    """Ana keeps it for a session that may move there; once that ends she is free."""
    ana, _ = team
    kept = managed(database, cast, ana, "18:00", **other(3))
    hours = tuple(factories.at(f"2026-12-{day} 14:00") for day in ("08", "09"))
    with database.write() as db:
        actions.propose(db, kept.id, NewProposal(hours, own_clock_only=True), by=cast.actor("ines"), now=now())
    made = asked(database, cast, "14:30")
    page = plan(ines, f"?pin={made.id}-{ana}")
    assert "Ana Ruiz keeps Tue 8 Dec, 14:00–15:15 UTC for a session that may move" in page
    assert "Kwame Osei</bdi> takes" in plan(ines)
    with database.write() as db:
        actions.withdraw_proposal(db, kept.id, by=cast.actor("ines"), now=now())
    assert "Ana Ruiz</bdi> takes" in plan(ines, f"?pin={made.id}-{ana}")


def test_what_lies_behind_or_far_ahead_is_not_planned(ines, cast, database, team):
    for n, moment in enumerate(("2026-11-30 09:00", "2026-12-16 09:00")):
        facts = {"starts_at": factories.at(moment), "zone": "UTC", "details": {}, **other(n)}
        factories.request(database, cast, **facts)
    first = asked(database, cast)
    assert [each.split("-")[1] for each in tokens(plan(ines))] == [str(first.id)]


def test_only_what_took_place_or_will_makes_a_manager_know_a_case(ines, cast, database, team):
    """Not a session that was canceled, nor one of another organization with a case of this name."""
    ana, _ = team
    canceled = managed(database, cast, ana, "15:00")
    with database.write() as db:
        actions.cancel(db, canceled.id, by=cast.actor("ines"), now=now(), notify=False)
    foreign = factories.request(
        database, cast, "harbor", **{"starts_at": factories.at("2026-12-09 15:00"), "zone": "UTC", "details": {}}
    )
    factories.schedule(database, cast, foreign.id, manager_name="", manager_email="", manager_id=ana, reason="So.")
    asked(database, cast)
    page = plan(ines)
    assert "takes" in page
    assert "managed this case before" not in page
    assert "new to the case" not in page
    managed(database, cast, ana, "18:00", **{**other(4), "case_name": "Keller v. Northline Freight"})
    assert "managed this case before" in plan(ines)


def test_english_asks_for_nothing_special(ines, cast, database, team):
    asked(database, cast, details={"language": "English"})
    assert "languages not known" not in plan(ines)


def test_more_than_are_planned_at_once_wait(ines, cast, database, team, monkeypatch):
    monkeypatch.setattr(planning, "MOST", 2)
    for n in range(3):
        asked(database, cast, f"{10 + 2 * n}:00", **other(n))
    page = plan(ines)
    assert "Planned are the first 2." in page
    assert len(tokens(page)) == 2


def test_more_than_are_booked_at_once_follow(ines, cast, database, team, monkeypatch):
    monkeypatch.setattr(plan_review, "AT_ONCE", 1)
    made = [asked(database, cast, f"{10 + 2 * n}:00", **other(n)) for n in range(2)]
    items = tokens(plan(ines))
    reviewed = review(ines, [items[0], items[0].replace("schedule", "change"), items[1]])
    assert "1 more follow once they are booked" in reviewed
    assert tokens(reviewed) == items[:1], "each session once, as it was chosen first"
    done = book(ines, reviewed, book=items)
    assert "1 session booked" in done
    assert f"/depositions/{made[1].id}" not in done.split("<main")[1], "more than are booked at once are not tried"
    assert [stored(database, one.id).state for one in made] == ["scheduled", "initial"]


def test_a_request_that_changed_since_is_looked_at_again(ines, cast, database, team):
    """Its messages are the same, and yet somebody else was at it."""
    made = asked(database, cast)
    reviewed = review(ines, tokens(plan(ines)))
    with database.write() as db:
        person = (cast.people["ines"].id, cast.people["ines"].name)
        actions.assign(db, made.id, assignee=person, by=cast.actor("ines"), now=now())
    done = book(ines, reviewed)
    assert "0 sessions booked" in done
    assert stored(database, made.id).state == "initial"


def test_of_two_that_need_the_same_witness_the_second_asks_why(ines, cast, database, team):
    """Each is possible by itself; the review counts what is booked before."""
    first, second = asked(database, cast), asked(database, cast, "09:30", case_name="Another case", invites=())
    reviewed = review(ines, tokens(plan(ines)))
    assert re.findall(r'name="reason-(\d+)"', reviewed) == [str(second.id)]
    assert "1 session booked" in book(ines, reviewed)
    assert [stored(database, one.id).state for one in (first, second)] == ["scheduled", "initial"]


@pytest.mark.parametrize("step", ["review", "book"])
def test_a_form_of_another_site_is_refused(ines, cast, database, team, step):
    asked(database, cast)
    assert ines.post(f"/depositions/plan/{step}", data={"book": tokens(plan(ines))}).status_code == 403


@pytest.mark.parametrize("back", ["https://evil.example.com/", "//evil.example.com"])
def test_the_way_back_leads_to_this_desk_alone(ines, cast, database, team, back):
    asked(database, cast)
    data = {"csrf_token": csrf(ines), "book": tokens(plan(ines)), "back": back}
    assert f'href="{back}"' not in text(ines.post("/depositions/plan/review", data=data)).split("<main")[1]


@pytest.mark.parametrize(
    "query", ["?pin=x&pin=1&pin=0-0&drop=-1&change=x", f"?pin={'9' * 30}-1", "?drop=" + "9" * 5000]
)
def test_an_address_that_cannot_be_read_is_the_plan(ines, cast, database, team, query):
    asked(database, cast)
    assert "A plan for 1 request" in plan(ines, query)


@pytest.mark.parametrize("book", [[], ["x"], ["schedule-1"], ["cancel-1-1-1"], [f"schedule-{'9' * 30}-1-1"]])
def test_nothing_that_can_be_read_is_chosen(ines, cast, database, book):
    answer = ines.post("/depositions/plan/review", data={"csrf_token": csrf(ines), "book": book})
    assert answer.status_code == 422
    assert "Nothing was chosen" in text(answer)


def test_unknown_requests_and_managers_say_so(ines, cast, database, team):
    made = asked(database, cast)
    reviewed = review(ines, [f"schedule-{made.id}-999-1", "schedule-987654321-1-1"])
    assert "This manager cannot be chosen any more." in reviewed
    assert "There is no such session request" in reviewed


def test_a_roster_of_none(ines, cast, database):
    asked(database, cast)
    with database.write() as db:
        db.execute(update(Manager).values(active=False))
    page = plan(ines)
    assert "Nobody is in the roster." in page
    assert "nobody</strong>" in page
    assert "Review" not in page


def test_who_may(client, cast, database, team):
    asked(database, cast)
    audit = cast.sign_in(client, "ada")
    page = plan(audit)
    assert "takes" in page
    for who in ("ada", "adam", "lena"):
        browser = cast.sign_in(client, who)
        for step in ("review", "book"):
            data = {"csrf_token": csrf(browser), "book": tokens(page)}
            assert browser.post(f"/depositions/plan/{step}", data=data).status_code == 403, (who, step)
        looks = [browser.get(f"/depositions/{path}").status_code for path in ("plan", f"managers/{team[0]}/away")]
        assert looks == [200 if who == "ada" else 403] * 2, who


def managed(database, cast, manager_id, hour="09:00", **facts):
    made = asked(database, cast, hour, **facts)
    return factories.schedule(
        database, cast, made.id, manager_name="", manager_email="", manager_id=manager_id, reason="So."
    )


def test_an_absence_leads_to_the_best_replacements(ines, cast, database, team):
    ana, _ = team
    lies_in, later = managed(database, cast, ana), managed(database, cast, ana, "15:00", **other(2))
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == later.id).values(manager_id=ana))
        version = db.execute(select(Manager.version).where(Manager.id == ana)).scalar()
    data = {"csrf_token": csrf(ines), "version": version, "note": "ill"}
    days = {"first_day": "2026-12-08", "last_day": "2026-12-08"}
    answer = ines.post(f"/depositions/managers/{ana}/absences", data={**data, **days})
    assert answer.status_code == 303
    assert answer.location.endswith(f"/depositions/managers/{ana}/away")
    page = text(ines.get(answer.location))
    assert "2 booked sessions lie within it" in page
    assert page.count("Kwame Osei</bdi> takes") == 2
    assert "Ana Ruiz</bdi> takes" not in page
    reviewed = review(ines, tokens(page))
    assert "No longer yours" in reviewed
    assert "2 sessions booked" in book(ines, reviewed)
    assert {stored(database, one.id).manager_name for one in (lies_in, later)} == {"Kwame Osei"}
    assert "No booked session of theirs lies within an absence." in text(ines.get(answer.location))


def test_away_today(another_browser, cast, database, team, clock):
    ana, _ = team
    managed(database, cast, ana, "23:00")
    clock.set(factories.at("2026-12-08 08:00"))
    ines = another_browser()
    page = text(ines.get(f"/depositions/managers/{ana}"))
    assert "Away today" in page
    version = re.search(r'away-today.*?name="version" value="(\d+)"', page, re.S)[1]
    answer = ines.post(f"/depositions/managers/{ana}/away-today", data={"csrf_token": csrf(ines), "version": version})
    assert answer.location.endswith(f"/depositions/managers/{ana}/away")
    assert "Kwame Osei</bdi> takes" in text(ines.get(answer.location))
    page = text(ines.get(f"/depositions/managers/{ana}"))
    assert "Away today" not in page
    assert "Find replacements for 1 session" in page


def test_only_what_lies_within_the_absence(cast, database, team):
    ana, _ = team
    inside, outside = managed(database, cast, ana), managed(database, cast, ana, "13:00", **other(2))
    managed(database, cast, team[1], "11:00", **other(3))
    canceled = managed(database, cast, ana, "16:00", **other(4))
    with database.write() as db:
        actions.cancel(db, canceled.id, by=cast.actor("ines"), now=now(), notify=False)
    with database.write() as db:
        db.execute(
            update(Deposition)
            .where(Deposition.id == outside.id)
            .values(starts_at=factories.at("2026-12-10 13:00"), ends_at=factories.at("2026-12-10 14:00"))
        )
        for day in (8, 12):
            days = {"first_day": date(2026, 12, day), "last_day": date(2026, 12, day), "note": ""}
            db.execute(insert(Absence).values(manager_id=ana, **days))
    with database.read() as db:
        manager = db.execute(select(*Manager.__table__.c).where(Manager.id == ana)).one()
        assert [row.id for row in planning.managed_while_away(db, manager, now())] == [inside.id]
