"""Fifty presses at once, from pages and from the API: one wins, and is told once."""

from collections import Counter

from app.kernel.changes.events import timeline
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.pages import at_once, csrf, digest

MOVE = {
    "start_date": "2031-03-12",
    "start_time": "14:30",
    "time_zone": "America/New_York",
    "estimated_duration": "2",
    "notify": "y",
}
KWAME = {"manager": "other", "manager_name": "Kwame Osei", "manager_email": "kwame@example.com"}
BOOK = {**KWAME, "room_url": factories.ROOM}
KINDS = {
    "schedule": "deposition.scheduled",
    "move": "deposition.moved",
    "change_manager": "deposition.manager_changed",
    "cancel": "deposition.canceled",
}


THREADS, EACH = 10, 5
"""As many at once as a process answers at once, and how many presses each makes."""


def by_page(browser, id, verb, version, **typed):
    """The confirming press of a verb, for any browser: what was shown is the same for all of them."""
    url = f"/depositions/{id}/{verb}"
    data = {"version": version, **typed}
    shown = browser.post(url, data={"csrf_token": csrf(browser), **data, "step": "preview"})
    return lambda client: client.post(url, data={"csrf_token": csrf(client), **data, "preview": digest(shown)})


def by_api(cast, id):
    """The presses of an organization's program: it withdraws its request, at either address."""
    headers = cast.headers("depositions", "marston")
    return [
        lambda client: client.post(f"/api/v1/session_requests/{id}/cancel", json={}, headers=headers),
        lambda client: client.patch(f"/api/v1/sessions/{id}/cancel", json={}, headers=headers),
    ]


def moved_by_api(cast, id):
    """The press of the program of an organization with Self-Service: the same move as on the page."""
    headers = cast.headers("depositions", "quill")
    moment = {**{name: MOVE[name] for name in ("start_date", "time_zone")}, "start_time": "02:30 PM"}
    body = {"session_request": {"remote_session": {**moment, "estimated_duration": 2}}}
    return lambda client: client.patch(f"/api/v1/sessions/{id}", json=body, headers=headers)


def pressed(browsers, verbs):
    """The answers to fifty presses of these verbs in turn, by ten browsers at once."""
    presses = [verbs[number % len(verbs)] for number in range(THREADS * EACH)]

    def caller(number, browser):
        return lambda: [press(browser) for press in presses[number::THREADS]]

    lists = at_once([caller(number, browser) for number, browser in enumerate(browsers)])
    return [answer for answers in lists for answer in answers]


def checked(database, outbox, made, answers, sent, agree=0):
    """The verb that won; everybody was told once, and nobody of what did not happen.

    `agree` presses of the API ask for what is so already once a move has won, and are answered that it is so.
    """
    done = [answer for answer in answers if answer.status_code in (200, 303)]
    assert len(done) in {1, agree, agree + 1}, Counter(answer.status_code for answer in answers)
    assert {answer.status_code for answer in answers} - {200, 303} <= {409, 422}
    with database.read() as db:
        newest = timeline(db, "deposition", made.id)[0].kind
    (verb,) = [verb for verb, kind in KINDS.items() if kind == newest]
    row = stored(database, made.id)
    assert row.version == made.version + 1
    new = [one for one in outbox.rows()[sent:] if one.state != "dropped" and not one.channel.startswith("job:")]
    notified = Counter(one.payload["to"] if one.channel == "email" else "webhook" for one in new)
    people = {"orsolya@example.com", "quartz@example.com", "obsidian@example.com"}
    managers = {row.manager_email, made.manager_email} - {None}
    expected = {
        "schedule": people | managers | {"webhook"},
        "move": people | managers | {"webhook"},
        "change_manager": managers,
        "cancel": people | managers,
    }
    assert notified == dict.fromkeys(expected[verb], 1)
    return verb


def test_a_request_is_booked_or_canceled(another_browser, cast, database, outbox):
    made, browsers = factories.request(database, cast), [another_browser() for _ in range(THREADS)]
    sent = len(outbox.rows())
    verbs = [
        by_page(browsers[0], made.id, "schedule", 1, **BOOK),
        by_page(browsers[0], made.id, "cancel", 1, notify="y"),
        *by_api(cast, made.id),
    ]
    assert checked(database, outbox, made, pressed(browsers, verbs), sent) in ("schedule", "cancel")


def test_a_session_is_moved_given_away_or_canceled(another_browser, cast, database, outbox):
    made, browsers = factories.in_state(database, cast, "scheduled"), [another_browser() for _ in range(THREADS)]
    outbox.deliver_all()
    sent = len(outbox.rows())
    verbs = [
        by_page(browsers[0], made.id, "move", made.version, **MOVE),
        by_page(browsers[0], made.id, "change_manager", made.version, **KWAME),
        by_page(browsers[0], made.id, "cancel", made.version, notify="y"),
        *by_api(cast, made.id),
    ]
    assert checked(database, outbox, made, pressed(browsers, verbs), sent) in ("move", "change_manager", "cancel")


def test_a_session_of_self_service_is_moved_from_page_and_api_or_canceled(another_browser, cast, database, outbox):
    made, browsers = factories.in_state(database, cast, "ready"), [another_browser() for _ in range(THREADS)]
    outbox.deliver_all()
    sent = len(outbox.rows())
    verbs = [
        by_page(browsers[0], made.id, "move", made.version, **MOVE),
        moved_by_api(cast, made.id),
        by_page(browsers[0], made.id, "cancel", made.version, notify="y"),
    ]
    by_program = len(range(1, THREADS * EACH, 3))
    answers = pressed(browsers, verbs)
    assert checked(database, outbox, made, answers, sent, agree=by_program) in ("move", "cancel")
