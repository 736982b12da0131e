"""New: staff enter a request for an organization that phoned or wrote, checked as one that comes through the API."""

import re
from functools import partial

import pytest
from sqlalchemy import select

from app.depositions.models import Deposition
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.depositions.test_mail_reader import MAIL
from tests.pages import at_once, digest

NEW, CREATE = "/depositions/new", "/depositions/create"


@pytest.fixture(autouse=True)
def without_tokens(app):
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def form(cast):
    """What is typed; every call is another form."""
    count = iter(range(1000))

    def typed(organization="marston", **fields):
        return {
            "organization": str(cast.organizations[organization].id),
            "how": "phone",
            "asked_by": "Dana Whitfield",
            "title": "Deposition of Orsolya Brandt",
            "case": "Keller v. Northline Freight",
            "start_date": "2030-01-28",
            "start_time": "2:30 pm",
            "time_zone": "Pacific Time (US & Canada)",
            "estimated_duration": "1.25",
            "deponent_name": "Orsolya Brandt",
            "deponent_email": "orsolya@example.com",
            "deponent_role": "witness",
            "invites": "quartz@example.com\nobsidian@example.com host",
            "language": "Spanish",
            "token": f"form-{next(count)}",
            **fields,
        }

    return typed


def every(database: Database):
    with database.read() as db:
        return db.execute(select(*Deposition.__table__.c).order_by(Deposition.id)).all()


def test_it_is_entered_as_asked_and_says_for_whom(ines, database, outbox, form):
    answer = ines.post(CREATE, data=form())
    (made,) = every(database)
    assert (answer.status_code, answer.location) == (303, f"/depositions/{made.id}")
    assert (made.state, made.start_time, made.estimated_duration) == ("initial", "02:30 PM", "1.25")
    assert (made.deponent_role, made.details) == ("witness", {"language": "Spanish"})
    assert made.invites == [
        {"email": "quartz@example.com", "access_level": "participant"},
        {"email": "obsidian@example.com", "access_level": "host"},
    ]
    assert outbox.rows() == []
    with database.read() as db:
        (event,) = timeline(db, "deposition", made.id)
    assert (event.actor_name, event.data["asked_by"]) == ("Ines Okafor", "Dana Whitfield")
    page = ines.get(answer.location).get_data(as_text=True)
    assert "Created by Ines Okafor" in page
    assert "asked by phone by Dana Whitfield" in page


def test_digits_of_every_script_are_digits_and_marks_are_nothing(ines, database, form):
    """As they are copied out of a mail that is read from right to left, or typed on a keyboard of its language."""
    marked = {
        "start_date": "\u200e２０３０-０１-２８",
        "start_time": "\u200e٢:٣٠\u202fPM\u200e",
        "estimated_duration": "١٫٢٥",
        "invites": "\u202aquartz@example.com\u202c\n\ufeffobsidian@example.com host\u200b",
    }
    ines.post(CREATE, data=form(**marked))
    (made,) = every(database)
    assert (made.start_date, made.start_time, made.estimated_duration) == ("2030-01-28", "02:30 PM", "1.25")
    assert [(one["email"], one["access_level"]) for one in made.invites] == [
        ("quartz@example.com", "participant"),
        ("obsidian@example.com", "host"),
    ]


def test_a_second_press_leads_to_the_same_request(ines, database, form):
    typed = form()
    first, second = (ines.post(CREATE, data=typed) for _ in range(2))
    assert first.location == second.location
    assert len(every(database)) == 1


def test_a_form_that_was_changed_after_it_was_sent_keeps_its_text_and_enters_another(ines, database, form):
    typed = form()
    ines.post(CREATE, data=typed)
    changed = {**typed, "title": "Second volume", "start_time": "4 pm"}
    again = ines.post(CREATE, data=changed)
    page = again.get_data(as_text=True)
    assert again.status_code == 409
    assert "Second volume" in page
    (made,) = every(database)
    assert f"request {made.id}" in page
    token = re.search(r'name="token"[^>]*value="([^"]+)"', page)[1]
    assert token != typed["token"]
    assert ines.post(CREATE, data={**changed, "token": token}).status_code == 303
    assert [row.title for row in every(database)] == ["Deposition of Orsolya Brandt", "Second volume"]


def test_a_session_that_is_booked_at_once_is_confirmed(ines, database, outbox, form):
    typed = {**form("quill", postback_url="https://hooks.example.com/x"), "step": "preview"}
    shown = ines.post(CREATE, data=typed)
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200
    assert "Review and book" in page
    assert "hooks.example.com" in page
    assert (every(database), outbox.rows()) == ([], [])
    fields = {**{name: value for name, value in typed.items() if name != "step"}, "preview": digest(shown)}
    done = ines.post(CREATE, data=fields)
    assert done.status_code == 303, done.get_data(as_text=True)
    (made,) = every(database)
    assert (made.state, len(outbox.emails()), len(outbox.rows("webhook"))) == ("ready", 3, 1)
    assert made.slug in page
    assert ines.post(CREATE, data=fields).location == done.location
    assert len(every(database)) == 1


def test_a_duplicate_is_flagged_before_it_is_entered(ines, database, form):
    ines.post(CREATE, data=form())
    (made,) = every(database)
    typed = {**form(title="The same once more"), "step": "preview"}
    shown = ines.post(CREATE, data=typed)
    page = shown.get_data(as_text=True)
    assert (shown.status_code, len(every(database))) == (200, 1)
    assert "This was requested already" in page
    assert f'href="/depositions/{made.id}"' in page
    fields = {**{name: value for name, value in typed.items() if name != "step"}, "preview": digest(shown)}
    assert ines.post(CREATE, data=fields).status_code == 303
    assert len(every(database)) == 2


def test_a_duplicate_that_came_meanwhile_is_shown_first(ines, database, form):
    ines.post(CREATE, data=form())
    typed = {**form(title="The same once more"), "step": "preview"}
    shown = ines.post(CREATE, data=typed)
    fields = {**{name: value for name, value in typed.items() if name != "step"}, "preview": digest(shown)}
    meanwhile = {**form(title="From a colleague"), "step": "preview"}
    seen = ines.post(CREATE, data=meanwhile)
    del meanwhile["step"]
    assert ines.post(CREATE, data={**meanwhile, "preview": digest(seen)}).status_code == 303
    assert ines.post(CREATE, data=fields).status_code == 409
    assert len(every(database)) == 2


def test_presses_of_one_form_at_once_enter_one(another_browser, database, form):
    typed, browsers = form(), [another_browser() for _ in range(4)]
    answers = at_once([partial(browser.post, CREATE, data=typed) for browser in browsers])
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == len(every(database)) == 1


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("organization", ""), ("organization", "999999"), ("title", ""), ("title", "\u200b"), ("title", "x" * 501),
        ("case", "x" * 501), ("file_number", "x" * 101), ("start_date", "2030-02-30"), ("start_date", "28.01.2030"),
        ("start_time", "2:30"), ("start_time", "soon"), ("time_zone", "Mars"), ("estimated_duration", "0"),
        ("estimated_duration", "25"), ("estimated_duration", "an hour"), ("deponent_email", "nobody"),
        ("deponent_name", "x" * 201), ("deponent_role", "judge"), ("invites", "a@example.com\nnobody"),
        ("invites", "\n".join(f"a{n}@example.com" for n in range(101))), ("language", "x" * 101),
        ("interpreter", "x" * 201), ("additional_details", "x" * 5001), ("postback_url", "https://10.0.0.1/"),
        ("postback_url", "nowhere"), ("title", "a\x00b"), ("asked_by", "x" * 201), ("token", ""), ("how", "pigeon"),
    ],
)  # fmt: skip
def test_what_the_api_refuses_is_refused_in_words_and_kept(ines, database, form, field, bad):
    answer = ines.post(CREATE, data={**form(), field: bad}, headers={"HX-Request": "true"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, every(database)) == (422, [])
    assert f'data-field="{field}"' in page


def test_a_time_that_does_not_exist_and_a_zone_that_is_nearly_right(ines, form):
    gap = ines.post(CREATE, data=form(start_date="2030-03-10", start_time="2:30 AM"))
    assert "01:59 AM" in gap.get_data(as_text=True)
    near = ines.post(CREATE, data=form(time_zone="Pacific Time"))
    assert "Did you mean Pacific Time (US &amp; Canada)?" in near.get_data(as_text=True)


def test_who_may_not(client, cast, form, database):
    for called in ("ada", "aude", "lena"):
        cast.sign_in(client, called)
        assert client.get(NEW).status_code == 403
        assert client.post(CREATE, data=form()).status_code == 403
        assert client.post(NEW, data=form()).status_code == 403
    assert every(database) == []


def test_an_administrator_enters_for_their_own_organization_alone(client, cast, form, database):
    cast.sign_in(client, "adam")
    page = client.get(NEW).get_data(as_text=True)
    assert "Harbor Homes" not in page
    assert client.post(CREATE, data=form("harbor")).status_code in (403, 422)
    assert client.post(CREATE, data=form()).status_code in (303, 403)


def test_a_mail_fills_what_is_empty_and_its_words_are_marked(ines, database, form):
    typed = {"mail": MAIL, "title": "My own title", "token": "t", "read": "1", "organization": ""}
    answer = ines.post(NEW, data=typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "My own title" in page
    for name, value in (("start_date", "2026-11-24"), ("start_time", "02:30 PM"), ("estimated_duration", "2.5")):
        assert re.search(rf'name="{name}"[^>]*value="{value}"', page)
    assert "<mark>tomorrow</mark>" in page
    assert "counted from Mon 23 Nov 2026" in page
    assert every(database) == []


def test_an_ambiguous_date_is_shown_both_ways_and_chosen_by_a_press(ines):
    typed = {"mail": "depo on 03/04/2030 at 2:30", "token": "t", "read": "1"}
    page = ines.post(NEW, data=typed).get_data(as_text=True)
    assert re.search(r'name="start_date"[^>]*value="2030-03-04"', page)
    assert "Wed 3 Apr 2030" in page
    chosen = {"mail": typed["mail"], "token": "t", "start_date": "2030-03-04", "choose": "start_date.1"}
    assert re.search(r'name="start_date"[^>]*value="2030-04-03"', ines.post(NEW, data=chosen).get_data(as_text=True))


@pytest.mark.parametrize(
    "choice", ["start_date.9", "start_date.x", "nothing.1", "token.0", "start_date", "csrf_token.0"]
)
def test_a_choice_that_is_none_changes_nothing(ines, choice):
    typed = {"mail": "on 03/04/2030", "token": "t", "start_date": "2030-03-04", "choose": choice}
    answer = ines.post(NEW, data=typed)
    assert answer.status_code == 200
    assert re.search(r'name="start_date"[^>]*value="2030-03-04"', answer.get_data(as_text=True))


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> on 1/2/2030", "\x00", "x" * 19_000, "\u202e 1/2/30", "ﷺ 🦉"]
)
def test_hostile_mail(ines, text):
    answer = ines.post(NEW, data={"mail": text, "token": "t", "read": "1"})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.get_data(as_text=True)
