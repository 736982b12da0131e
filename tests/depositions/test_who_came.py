"""Who opened the session's page and who entered the room: known from what the page says and what is pressed on it."""

import re

import pytest

from app.depositions import actions, emails
from app.depositions.queries import people
from app.kernel.clock import now
from tests.depositions import factories
from tests.pages import text

POLL = {"X-Desk-Poll": "1"}
PERSON = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1"}
SEEN = {**PERSON, "X-Desk-Poll": "seen"}


def known(database, made, address):
    """When somebody opened the page and entered, and at which SEQUENCE they opened it."""
    with database.read() as db:
        rows = [each for each in people.known(db, made.id) if each.address == address]
    return [(row.opened_at is not None, row.opened_sequence, row.entered_at is not None) for row in rows]


def test_a_person_who_has_the_page_before_them_is_known(client, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    (message,) = outbox.emails("orsolya@example.com")
    url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
    client.get(url, headers=PERSON)
    client.head(url, headers=SEEN)
    client.get(url, headers={**SEEN, "Sec-Purpose": "prefetch;prerender"})
    client.get(url, headers={**SEEN, "User-Agent": "Mozilla/5.0 HeadlessChrome/140"})
    client.get(url, headers={**PERSON, **POLL})
    client.get(f"/sessions/{made.slug}", headers=SEEN)
    assert known(database, made, "orsolya@example.com") == [(False, None, False)]
    client.get(url, headers=SEEN)
    assert known(database, made, "orsolya@example.com") == [(True, made.sequence, False)]
    with database.write() as db:
        canceled = actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False)
    assert client.get(url, headers=SEEN).status_code == 410
    assert known(database, made, "orsolya@example.com") == [(True, canceled.sequence, False)]


def press(client, made, address, path="", **headers):
    """Presses a button of somebody's page; the answer says where it leads."""
    page = client.get(address)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
    query = address.partition("?")[2]
    url = f"/sessions/{made.slug}{path}" + (f"?{query}" if query else "")
    return client.post(url, data={"csrf_token": token}, headers={**PERSON, **headers})


def test_who_presses_the_button_into_the_room_is_known(client, cast, database, outbox):
    made = factories.in_state(database, cast, "active")
    (message,) = outbox.emails("orsolya@example.com")
    url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
    answer = press(client, made, url, "/join")
    assert (answer.status_code, answer.headers["Location"]) == (303, url.replace("?", "/room?"))
    assert known(database, made, "orsolya@example.com") == [(True, made.sequence, True)]
    assert known(database, made, "") == [(False, None, False)], "the organization's system"
    way = client.get(answer.headers["Location"])
    assert (way.status_code, way.headers["Refresh"]) == (200, f"0; url={factories.ROOM}")
    assert f'href="{factories.ROOM}"' in way.text
    bare = press(client, made, f"/sessions/{made.slug}", "/join")
    assert bare.headers["Location"] == f"/sessions/{made.slug}/room"
    assert (False, None, True) in known(database, made, ""), "somebody by the bare link"


def test_the_page_says_how_many_have_come(client, cast, database, outbox):
    made = factories.in_state(database, cast, "active")
    (message,) = outbox.emails("orsolya@example.com")
    url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
    first = client.get(url)
    assert "have come" not in first.text
    press(client, made, url, "/join")
    again = client.get(url, headers={**POLL, "If-None-Match": first.headers["ETag"]})
    assert "1 of 3 people has come." in again.text
    with database.read() as db:
        manager = emails.manager_of(db.execute(factories.one(made.id)).one())
        theirs = emails.join_url(made, db.config, manager).removeprefix("http://localhost:8000")
    press(client, made, theirs, "/join")
    assert "You can come in. Ines Okafor has come in. 1 of 3 people has come." in text(client.get(url))
    press(client, made, f"/sessions/{made.slug}", "/join")
    page = text(client.get(url))
    assert "Ines Okafor has come in." in page
    assert "has come." not in page, "somebody came who is not known"


def test_the_documented_address_says_of_nobody_that_they_entered(client, cast, database, outbox):
    """A scanner of mail opens it too, under the name of a browser."""
    made = factories.in_state(database, cast, "active")
    (message,) = outbox.emails("orsolya@example.com")
    url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
    join = url.replace("?", "/join?")
    for headers in ({"User-Agent": "MailScanner/2.1"}, {**PERSON, "Purpose": "prefetch"}):
        assert client.get(join, headers=headers).headers["Location"] == factories.ROOM
    assert client.head(join, headers=PERSON).status_code == 303
    assert known(database, made, "") == [(False, None, False)]
    assert client.get(join, headers=PERSON).headers["Location"] == factories.ROOM
    assert client.get(url.replace("?", "/room?"), headers=PERSON).status_code == 200
    assert known(database, made, "orsolya@example.com") == [(False, None, False)]
    assert (False, None, True) in known(database, made, ""), "the room was opened to somebody"


@pytest.mark.parametrize(("state", "status"), [("scheduled", 200), ("canceled", 410), ("ended", 410)])
def test_there_is_no_way_into_a_room_that_is_not_open(client, cast, database, state, status):
    made = factories.in_state(database, cast, state)
    page = f"/sessions/{made.slug}"
    other = factories.in_state(database, cast, "active")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(f"/sessions/{other.slug}").text)[1]
    answer = client.post(f"{page}/join", data={"csrf_token": token}, headers=PERSON)
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    way = client.get(f"{page}/room")
    assert (way.status_code, way.headers.get("Refresh"), factories.ROOM in way.text) == (status, None, False)
    with database.read() as db:
        assert not people.anybody_entered(db, made.id)


def test_without_scripts_a_press_says_that_somebody_has_read_it(client, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    (message,) = outbox.emails("orsolya@example.com")
    url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
    answer = press(client, made, url)
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert known(database, made, "orsolya@example.com") == [(True, made.sequence, False)]
    with database.write() as db:
        canceled = actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False)
    assert "I have read this" in client.get(url).text
    press(client, made, url)
    assert known(database, made, "orsolya@example.com") == [(True, canceled.sequence, False)]
    assert client.post(url).status_code == 403, "without the token of the page"
    assert "<form" not in client.get(f"/sessions/{made.slug}").text, "of no participant nothing can be kept"


def test_the_managers_link(client, cast, database):
    made = factories.in_state(database, cast, "active")
    with database.read() as db:
        manager = emails.manager_of(db.execute(factories.one(made.id)).one())
        url = emails.join_url(made, db.config, manager).removeprefix("http://localhost:8000")
    assert "You manage this session." in text(client.get(url))
    client.get(url, headers=SEEN)
    assert press(client, made, url, "/join").status_code == 303
    with database.read() as db:
        rows = [row for row in people.known(db, made.id) if row.kind == "manager"]
    assert [(row.address, row.opened_sequence, bool(row.entered_at)) for row in rows] == [
        (cast.ines.email, made.sequence, True)
    ]
