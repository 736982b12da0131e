"""Every page that people had bookmarked, saved or left open shows after the upgrade what it showed before."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from tests.upgrade import product
from tests.upgrade.browser import Browser, Browsers
from tests.upgrade.snapshot import OLD_KINDS, facts, listed, snapshot

ADMIN = "margit.sorensen@example.com"
"""Administers everything, so she sees every page of every desk."""


def by_folder(bookmarks: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in bookmarks:
        found.setdefault(each["url"].partition("?")[0], []).append(each)
    return found


@pytest.mark.parametrize("folder", sorted(by_folder(facts()["bookmarks"])))
def test_a_bookmark_shows_the_same_things_in_the_same_order(browsers: Browsers, folder: str) -> None:
    wrong = []
    for each in by_folder(facts()["bookmarks"])[folder]:
        shown = browsers[each["who"]].get(each["url"]).things
        things = listed(each["things"], shown)
        if shown != things and (folder != "/" or set(shown) != set(things)):
            wrong.append((each["who"], each["url"], things, shown))
    assert wrong == []


def test_every_filter_stands_in_a_bookmark_that_it_narrows() -> None:
    """Otherwise a filter that is lost would not be seen."""
    of_desk = by_folder(facts()["bookmarks"])
    known = {
        "/depositions": ("view", "state", "organization", "from", "to", "q", "tag", "with", "sort"),
        "/prescreens": ("state", "left", "organization", "template", "from", "to", "q", "tag", "with", "sort"),
        "/inspections": (
            *("view", "campaign", "language", "operator", "with", "organization"),
            *("from", "to", "tag", "q", "sort"),
        ),
        "/deliveries": ("view", "channel", "desk", "organization"),
    }
    for desk, names in known.items():
        all_of_it = max((each["things"] for each in of_desk[desk]), key=len)
        for name in names:
            with_it = [each["things"] for each in of_desk[desk] if f"{name}=" in each["url"]]
            assert any(things and things != all_of_it for things in with_it), (desk, name)


def test_every_other_address_opens(browsers: Browsers) -> None:
    for each in facts()["opens"]:
        answer = browsers[each["who"]].get(each["url"])
        if "lines" in each:
            rows = list(csv.reader(io.StringIO(answer.html.strip(), newline="")))  # an answer may have several lines
            assert len(rows) == each["lines"], each["url"]


def test_saved_views_are_all_there_and_show_the_same_things(browsers: Browsers) -> None:
    of_person: dict[str, list[dict[str, Any]]] = {}
    for view in facts()["views"]:
        of_person.setdefault(view["who"], []).append(view)
    for who, views in of_person.items():
        shown = browsers[who].get("/views")
        links = [(text.strip(), url) for text, url in shown.links]
        for view in views:
            desk = view["url"].partition("?")[0]
            found = [url for text, url in links if text == view["name"] and url.partition("?")[0] == desk]
            assert len(found) == 1, (who, view["name"], found)
            for url in {found[0], view["url"]}:
                things = browsers[who].get(url).things
                assert things == listed(view["things"], things), (who, view["name"], url)


def test_saved_views_stand_beside_the_tabs(browsers: Browsers) -> None:
    of_list: dict[tuple[str, str], set[str]] = {}
    for view in facts()["views"]:
        of_list.setdefault((view["who"], view["url"].partition("?")[0]), set()).add(view["name"])
    for (who, url), names in of_list.items():
        assert names <= {text.strip() for text, _ in browsers[who].get(url).links}, (who, url)


def test_pages_left_open_go_on_to_the_next_page(browsers: Browsers) -> None:
    for each in facts()["cursors"]:
        shown = browsers[each["who"]].get(each["url"])
        if "events" in each:
            assert all(f'id="event-{id}"' in shown.html for id in each["events"]), each["url"]
        else:
            assert shown.things == each["things"], each["url"]


def test_messages_have_their_pages_at_their_old_addresses(browsers: Browsers) -> None:
    browser = browsers[ADMIN]
    of_each_sort = {
        (row["channel"], row["state"], row["subject_type"], bool(row["set_aside_at"])): row["id"]
        for row in snapshot().records("outbox")
    }
    for id in map(_dashed, of_each_sort.values()):
        assert id in browser.get(f"/deliveries/{id}").path


TIMELINES = {
    "deposition": "/depositions/{}",
    "prescreen": "/prescreens/{}",
    "inspection": "/inspections/{}",
    "person": "/people/{}",
    "organization": "/organizations/{}",
}


def test_every_kind_of_event_is_in_the_snapshot() -> None:
    assert sorted({event["kind"] for event in snapshot().records("events")}) == list(OLD_KINDS)


@pytest.mark.parametrize("subject", sorted(TIMELINES))
def test_timelines_show_every_old_event_as_a_sentence(browsers: Browsers, subject: str) -> None:
    browser = browsers[ADMIN]
    happened: dict[str, list[dict[str, Any]]] = {}
    for event in snapshot().records("events"):
        if event["subject_type"] == subject:
            happened.setdefault(event["subject_id"], []).append(event)
    for id, events in happened.items():
        page = browser.get(TIMELINES[subject].format(id))
        assert len(page.items) >= len(events), (subject, id)
        assert _without_sentence(page.items, events) == []
        assert not [event["kind"] for event in events if event["kind"] in page.text]
        people = {event["actor_name"] for event in events if event["actor_kind"] == "person"}
        assert not [name for name in people if name not in page.text], (subject, id)


def test_earlier_notes_are_shown(browsers: Browsers) -> None:
    browser = browsers["ana.ruiz@example.com"]
    for note in snapshot().records("handover_notes"):
        if note["place"] == "house":
            events = [
                event
                for event in snapshot().records("events")
                if (event["subject_type"], event["subject_id"]) == ("note", str(note["id"]))
            ]
            page = browser.get(f"/views/notes/{note['id']}")
            assert len(page.items) >= len(events) > 0
            assert _without_sentence(page.items, events) == []


def _without_sentence(entries: Iterable[str], events: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Entries that only repeat an event's kind, as pages do for kinds that they have no sentence for."""
    bare = set()
    for event in events:
        kind = event["kind"]
        bare |= {kind, kind.replace(".", " ").replace("_", " "), kind.partition(".")[2].replace("_", " ")}
    return [(text, kind) for text in entries for kind in bare if text.startswith(kind)]


def _audit(browser: Browser, **arguments: str) -> list[list[str]]:
    """The audit as a file, without its head and without what happened since the upgrade."""
    answer = browser.client.get("/audit/csv", query_string=arguments, follow_redirects=True)
    assert answer.status_code == 200, (arguments, answer.text[:300])
    newest = max(event["id"] for event in snapshot().records("events"))
    return [line for line in list(csv.reader(io.StringIO(answer.text)))[1:] if int(line[0]) <= newest]


def test_the_audit_finds_events_by_their_old_kind(browsers: Browsers) -> None:
    browser, lost = browsers[ADMIN], {}
    for kind in facts()["filterable"]:
        ids = {event["id"] for event in snapshot().records("events") if event["kind"] == kind}
        lost[kind] = ids - {int(line[0]) for line in _audit(browser, kind=kind)}
    assert not {kind: ids for kind, ids in lost.items() if ids}


def test_the_kinds_that_the_audit_offers_find_all_old_events_together(browsers: Browsers) -> None:
    browser = browsers[ADMIN]
    offered = [kind for kind in browser.get("/audit").options["kind"] if kind]
    found = Counter(int(line[0]) for kind in offered for line in _audit(browser, kind=kind))
    filterable = {event["id"] for event in snapshot().records("events") if event["kind"] in facts()["filterable"]}
    assert filterable <= set(found)
    assert max(found.values()) == 1, "an event is of one kind"


def test_the_audit_shows_everything_and_filters_it(browsers: Browsers) -> None:
    browser, events = browsers[ADMIN], snapshot().records("events")
    every = _audit(browser)
    assert [int(line[0]) for line in every] == [event["id"] for event in reversed(events)]
    texts = {int(line[0]): line[6] for line in every}
    assert not [event["kind"] for event in events if texts[event["id"]] in ("", event["kind"])]
    for desk, subject in (("depositions", "deposition"), ("prescreens", "prescreen"), ("inspections", "inspection")):
        of_desk = [event for event in events if event["subject_type"] == subject]
        assert {int(line[0]) for line in _audit(browser, desk=desk)} == {event["id"] for event in of_desk}
        about = of_desk[-1]["subject_id"]
        of_one = {event["id"] for event in of_desk if event["subject_id"] == about}
        assert {int(line[0]) for line in _audit(browser, desk=desk, about=about)} == of_one
    outside = {"deposition", "prescreen", "inspection", "invite"}
    of_general = {event["id"] for event in events if event["subject_type"] not in outside}
    assert {int(line[0]) for line in _audit(browser, desk="house")} == of_general
    for person in {event["actor_id"] for event in events if event["actor_kind"] == "person"}:
        theirs = {event["id"] for event in events if (event["actor_kind"], event["actor_id"]) == ("person", person)}
        assert {int(line[0]) for line in _audit(browser, who=person)} == theirs


DESKS = {"deposition": "depositions", "prescreen": "prescreens", "inspection": "inspections"}


def test_tags_are_still_on_things(browsers: Browsers) -> None:
    browser = browsers[ADMIN]
    for tag in snapshot().records("tags"):
        id = tag["subject_id"] if tag["subject_type"] == "deposition" else _dashed(tag["subject_id"])
        assert tag["name"] in browser.get(f"/{DESKS[tag['subject_type']]}/{id}").texts


def test_assigned_people_are_still_assigned(browsers: Browsers) -> None:
    for desk, who, id, name in facts()["assigned"]:
        assert name in browsers[who].get(f"/{desk}/{id}").text, (desk, id)
    rows = browsers[ADMIN].client.get("/depositions/csv?view=everything", follow_redirects=True).text
    named = {row[0]: row for row in csv.reader(io.StringIO(rows))}
    for row in snapshot().records("depositions"):
        if row["assigned_name"]:
            assert row["assigned_name"] in named[str(row["id"])]


def test_notes_are_still_on_their_lists(browsers: Browsers) -> None:
    readers = {"depositions": "ines.moreau@example.com", "inspections": "camille.roche@example.com"}
    readers["prescreens"] = "priya.raman@example.com"
    written = [note for note in snapshot().records("handover_notes") if note["text"]]
    assert {note["desk"] for note in written} == set(readers)
    for note in written:
        shown = browsers[readers[note["desk"]]].get(f"/{note['desk']}?{note['query']}")
        assert note["text"] in shown.texts, note["query"]


def test_people_who_had_a_page_open_are_still_seen_there(browsers: Browsers) -> None:
    for who, url, other in facts()["presence"]:
        assert f"{other} is looking" in browsers[who].get(url).html or other in browsers[who].get(url).text


def test_lists_remember_when_they_were_last_looked_at(database: Any, browsers: Browsers) -> None:
    """A list that is known by another key than before would begin anew, and nothing on it would be marked as new."""
    emails = {person["id"]: person["email"] for person in snapshot().records("people")}
    looks = snapshot().records("view_looks")
    queries = {view["view_sha256"]: view["query"] for view in snapshot().records("saved_views")}
    queries |= {view["view_sha256"]: view["query"] for view in snapshot().records("handover_notes")}
    for look in looks:
        query = queries.get(look["view_sha256"], "")
        browsers[emails[look["person_id"]]].get(f"/{look['desk']}?{query}" if query else f"/{look['desk']}")
    kept = product.rows(database, f"SELECT looked_at FROM {product.LAST_LOOKS}")
    moment = snapshot().moment[:16].replace("T", " ")
    assert [str(row[0])[:16] for row in kept] == [moment] * len(looks)


def _dashed(id: str) -> str:
    plain = id.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
