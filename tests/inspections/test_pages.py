"""The desk's pages: the board, one inspection, minting with secrets shown once, and who may press what."""

import re
import uuid
from datetime import datetime, timedelta

import pytest

from app.inspections import queries
from app.kernel.clock import now
from tests.inspections import pages
from tests.inspections.conftest import PHONE, at_once, printed
from tests.pages import text


def token(html: str) -> str:
    return re.search(r'<meta name="csrf-token" content="([^"]+)"', html)[1]


class Operator:
    """Somebody at the desk, with a browser that follows redirects by hand."""

    def __init__(self, app, cast, called: str) -> None:
        self.client = cast.sign_in(app.test_client(), called)

    def get(self, path: str, **headers: str):
        return self.client.get(path, headers=headers)

    def press(self, path: str, on: str = "", **fields: str):
        """Presses a button; where it is first shown what is sent, also the button beneath that."""
        page = self.client.get(on or "/inspections").get_data(as_text=True)
        fields["csrf_token"] = token(page)
        if path.rpartition("/")[2] not in ("invite", "new_code", "reissue", "end", "revoke"):
            return self.client.post(path, data=fields)
        shown = self.client.post(path, data={**fields, "step": "preview"})
        if shown.status_code != 200:
            return shown
        digest = shown.get_data(as_text=True).partition('name="preview" value="')[2].partition('"')[0]
        return self.client.post(path, data={**fields, "preview": digest})


@pytest.fixture
def otto(app, cast) -> Operator:
    return Operator(app, cast, "otto")


@pytest.fixture
def aude(app, cast) -> Operator:
    """The auditor: looks, and changes nothing."""
    return Operator(app, cast, "aude")


def make(otto: Operator, **fields: str) -> str:
    answer = otto.press("/inspections/create", locale="fr", organization=fields.pop("organization", "1"), **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def html(answer) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[-2000:]
    return answer.get_data(as_text=True)


def test_an_operator_makes_one_and_finds_it_on_the_board(otto, cast, integrator) -> None:
    place = make(otto, organization=str(cast.marston.id), notes="Dégât <b>des eaux</b>", campaign="")
    page = html(otto.get(place))
    assert "Dégât &lt;b&gt;des eaux&lt;/b&gt;" in page
    assert "Nobody is invited yet" in page
    board = html(otto.get("/inspections"))
    assert place in board
    session = integrator.get("/api/v1/public/sessions").json["data"][0]
    assert (session["operator_email"], session["locale"]) == ("otto@example.com", "fr")


def test_a_time_is_wall_time_of_the_organization(otto, cast, integrator) -> None:
    make(otto, organization=str(cast.marston.id), scheduled_for="2027-07-01T09:30", campaign="")
    zone = cast.marston.time_zone
    from zoneinfo import ZoneInfo

    wanted = datetime(2027, 7, 1, 9, 30, tzinfo=ZoneInfo(zone))
    session = integrator.get("/api/v1/public/sessions").json["data"][0]
    assert datetime.fromisoformat(session["scheduled_for"]) == wanted


def test_earlier_ones_say_when_they_were_made_the_newest_first(otto, cast, clock) -> None:
    for hour in ("2098-12-09T09:30", "2098-12-03T09:30", ""):
        place = make(otto, organization=str(cast.marston.id), scheduled_for=hour, campaign="")
        clock.move(minutes=5)
    page = html(otto.get(place))
    (shown,) = re.findall(r'<section class="section" aria-labelledby="earlier.*?</section>', page, re.S)
    made = re.findall(r'<span>made <time datetime="([^"]+)"', shown)
    assert len(made) == 2
    assert made == sorted(made, reverse=True)
    assert shown.count("· for <time") == 2, "and for when they are"


def test_a_time_the_clocks_skip_is_refused_with_its_neighbours(app, cast) -> None:
    oona = Operator(app, cast, "oona")
    fields = {"organization": str(cast.harbor.id), "locale": "en", "campaign": ""}
    answer = oona.press("/inspections/create", scheduled_for="2027-03-14T02:30", **fields)
    assert answer.status_code == 422
    assert "01:59 and 03:00 exist" in answer.get_data(as_text=True)


def test_link_and_code_are_shown_once_and_stand_in_no_address(otto, cast, outbox) -> None:
    place = make(otto, organization=str(cast.marston.id), campaign="")
    fields = {k: str(v) for k, v in printed("mint").items() if k.startswith("recipient")}
    answer = otto.press(f"{place}/invite", place, ttl_minutes="1440", send_email="y", **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    first, second = html(otto.get(place)), html(otto.get(place))
    link = re.search(r"http://localhost:8000/join/[^<\s\"]+", first)[0]
    code = re.search(r'class="code-digits"[^>]*>(\d{3} \d{3})<', first)[1]
    assert 'aria-label="QR code of the invite link"' in first
    assert link.rpartition("=")[2] not in second
    assert code not in second
    assert link in outbox.emails()[0]["text"] + outbox.emails()[1]["text"]
    cookie = answer.headers["Set-Cookie"]
    assert code.replace(" ", "") not in cookie
    assert "HttpOnly" in cookie
    assert link.rpartition("=")[2] not in cookie


def test_a_recipient_of_too_many_links_is_refused_in_words(otto, cast, outbox) -> None:
    place = make(otto, organization=str(cast.marston.id), campaign="")
    typed = {"ttl_minutes": "60", "recipient_email": "jo@example.com", "send_email": "y"}
    for _ in range(12):
        assert otto.press(f"{place}/invite", place, **typed).status_code == 303
    sent = len(outbox.rows("email"))
    answer = otto.press(f"{place}/invite", place, **typed)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 3000
    assert "had as many messages within the last hour as we send" in text(answer)
    assert len(outbox.rows("email")) == sent


def test_another_persons_shown_once_cookie_shows_nothing(otto, app, cast) -> None:
    place = make(otto, organization=str(cast.marston.id), campaign="")
    otto.press(f"{place}/invite", place, ttl_minutes="60", recipient_email="a@example.com")
    mira = Operator(app, cast, "mira")
    stolen = otto.client.get_cookie("shown_once", path=place)
    assert stolen is not None
    mira.client.set_cookie("shown_once", stolen.value, path=place)
    assert "/join/" not in html(mira.get(place))


def test_the_whole_way_on_pages(otto, cast, integrator, field, database) -> None:
    session = integrator.create(locale="ar", notes="تسليم الشقة 12")
    place = f"/inspections/{session['id']}"
    invite = integrator.invite(session, **printed("mint"))
    page = html(otto.get(place))
    assert "Nobody has joined yet. Recording can start once somebody has." in page
    assert "Nobody has joined yet, so there is nobody" not in page
    field.join(invite, invite["otp_code"], agent=PHONE)
    board = html(otto.get("/inspections"))
    assert "Waiting for you" in board
    assert "Alex Garcia" in board
    assert otto.press(f"{place}/attend", place).status_code == 303
    assert otto.press(f"{place}/attend", place).status_code == 409
    assert otto.press(f"{place}/start_recording", place).status_code == 409
    pages.consent(database, session)
    assert otto.press(f"{place}/start_recording", place).status_code == 303
    assert otto.press(f"{place}/start_recording", place).status_code == 409
    assert otto.press(f"{place}/stop_recording", place).status_code == 303
    assert otto.press(f"{place}/stop_recording", place).status_code == 409
    assert otto.press(f"{place}/add_remark", place, text="Seen & <heard>").status_code == 303
    assert "Seen &amp; &lt;heard&gt;" in html(otto.get(place))
    assert otto.press(f"{place}/end", place).status_code == 303
    assert otto.press(f"{place}/end", place).status_code == 303
    for verb in ("attend", "start_recording", "add_remark", "invite"):
        assert otto.press(f"{place}/{verb}", text="x", ttl_minutes="60").status_code == 409
    page = html(otto.get(place))
    assert "no time-stamping authority is configured here" in page
    assert "This inspection has ended, and its record is sealed: nothing more can be added." in page
    with database.read() as db:
        kinds = [link.kind for link in queries.links(db, uuid.UUID(session["id"]))]
    assert kinds == [
        "session.created",
        "invite.minted",
        "participant.joined",
        "operator.joined",
        *["consent.given"] * 3,
        "recording.started",
        "recording.stopped",
        "remark.added",
        "session.ended",
    ]


def test_who_only_looks_sees_the_reason_and_changes_nothing(aude, integrator) -> None:
    session = integrator.create(notes="calm")
    integrator.invite(session, **printed("mint"))
    place = f"/inspections/{session['id']}"
    page = html(aude.get(place))
    assert "Only inspection operators may do this." in page
    assert "/end" not in re.findall(r'action="([^"]+)"', page)
    csrf = token(page)
    for verb in ("end", "attend", "start_recording", "stop_recording", "change_notes", "add_remark", "invite"):
        fields = {"csrf_token": csrf, "text": "x", "notes": "x", "version": "x", "ttl_minutes": "60"}
        assert aude.client.post(f"{place}/{verb}", data=fields).status_code == 403, verb
    assert aude.get("/inspections/new").status_code == 403
    assert integrator.session(session)["notes"] == "calm"


def test_strangers_find_nothing(app, cast, integrator) -> None:
    session = integrator.create()
    oona, ines = Operator(app, cast, "oona"), Operator(app, cast, "ines")
    assert oona.get(f"/inspections/{session['id']}").status_code == 404
    assert oona.get(f"/inspections/{session['id']}/chain.zip").status_code == 404
    assert session["id"] not in html(oona.get("/inspections?view=all"))
    assert ines.get("/inspections").status_code == 403
    assert oona.press(f"/inspections/{session['id']}/end").status_code == 404


def test_without_a_form_token_nothing_happens(otto, integrator) -> None:
    session = integrator.create()
    assert otto.client.post(f"/inspections/{session['id']}/end").status_code in (400, 403)
    assert integrator.session(session)["status"] == "created"


@pytest.mark.parametrize("query", ["view=nope", "language=xx", "operator=you", "campaign=1", "after=zzz"])
def test_a_filter_that_is_none_is_refused_in_words(otto, query) -> None:
    assert otto.get(f"/inspections?{query}").status_code in (400, 422)


def test_tabs_count_what_they_list(otto, integrator, field, clock, cast) -> None:
    integrator.create()
    integrator.create(scheduled_for="2199-01-01T00:00:00Z")
    integrator.end(integrator.create())
    live = integrator.create()
    field.join(integrator.invite(live))
    page = html(otto.get("/inspections"))
    counts = [int(n) for n in re.findall(r'class="count[^"]*">(\d+)</span></a>', page)]
    assert counts == [2, 1, 0, 1, 0, 4]
    clock.move(hours=25)
    cast.sign_in(otto.client, "otto")
    page = html(otto.get("/inspections?view=expired"))
    counts = [int(n) for n in re.findall(r'class="count[^"]*">(\d+)</span></a>', page)]
    assert counts == [1, 1, 0, 1, 1, 4]
    assert "Expired, nobody came" in page


def test_the_fragment_is_part_of_the_page(otto, integrator) -> None:
    integrator.create(notes="Hail")
    fragment = otto.get(
        "/inspections?language=en", **{"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#queue"}
    )
    text = fragment.get_data(as_text=True)
    assert text.strip().startswith('<div id="queue"')
    assert "Hail" in text
    assert "<html" not in text


def test_pages_of_a_long_board_show_each_row_once(otto, integrator, monkeypatch) -> None:
    made = {integrator.create()["id"] for _ in range(53)}
    first = html(otto.get("/inspections?view=all"))
    second = html(otto.get(re.search(r'href="([^"]+)" rel="next"', first)[1].replace("&amp;", "&")))
    found = [re.findall(r'href="/inspections/([0-9a-f-]{36})\?view=all"', page) for page in (first, second)]
    assert [len(page) for page in found] == [50, 3]
    assert {id for page in found for id in page} == made


def test_two_operators_press_end_at_once(app, cast, integrator, otto) -> None:
    session = integrator.create()
    place = f"/inspections/{session['id']}"
    fields = {"csrf_token": token(html(otto.get(place)))}
    shown = html(otto.client.post(f"{place}/end", data={**fields, "step": "preview"}))
    fields["preview"] = shown.partition('name="preview" value="')[2].partition('"')[0]
    results = at_once(6, lambda _: otto.client.post(f"{place}/end", data=fields).status_code, threads=1)
    assert results == {303: 6}


def test_back_from_the_preview_the_invite_stands_as_it_was_typed(otto, aude, integrator, outbox) -> None:
    session = integrator.create()
    place = f"/inspections/{session['id']}"
    fields = {"csrf_token": token(html(otto.get(place))), "recipient_email": "sana@example.org", "ttl_minutes": "60"}
    preview = html(otto.client.post(f"{place}/invite", data={**fields, "step": "preview"}))
    (back,) = re.findall(r'<button[^>]* name="edit"[^>]*>', preview)
    assert 'value="invite"' in back
    assert f'formaction="{place}"' in back
    page = html(otto.client.post(place, data={**fields, "edit": "invite"}))
    assert 'value="sana@example.org"' in page
    assert outbox.rows("email") == []
    assert html(otto.get(place)).count("sana@example.org") == 0
    fields["csrf_token"] = token(html(aude.get(place)))
    assert aude.client.post(place, data={**fields, "edit": "invite"}).status_code == 403


@pytest.mark.parametrize("verb", ["end", "invite", "new_code", "reissue", "revoke"])
def test_a_step_that_pages_of_before_sent_acts_on_nothing(otto, integrator, verb, outbox) -> None:
    session = integrator.create()
    invite = integrator.invite(session, recipient_email="jane@example.com")
    place = f"/inspections/{session['id']}"
    sent = len(outbox.rows("email"))
    path = f"{place}/{verb}" if verb in ("end", "invite") else f"{place}/invites/{invite['id']}/{verb}"
    fields = {"csrf_token": token(html(otto.get(place))), "recipient_email": "x@example.com", "ttl_minutes": "60"}
    assert otto.client.post(path, data={**fields, "step": "edit"}).status_code == 200
    assert (integrator.session(session)["status"], len(outbox.rows("email"))) == ("created", sent)
    assert otto.client.post(path, data=fields).status_code == 409
    assert (integrator.session(session)["status"], len(outbox.rows("email"))) == ("created", sent)


def test_ending_says_what_nobody_is_told_and_that_it_is_planned(otto, integrator) -> None:
    session = integrator.create(scheduled_for=f"{now() + timedelta(days=17):%Y-%m-%dT%H:%M:%SZ}")
    place = f"/inspections/{session['id']}"
    fields = {"csrf_token": token(html(otto.get(place))), "step": "preview"}
    shown = html(otto.client.post(f"{place}/end", data=fields))
    assert "It is planned for " in shown
    assert ", in 17 d" in shown or ", in 16 d" in shown
    assert "time stamps" not in shown
    assert "Nobody who was invited is notified." not in shown
    integrator.invite(session)
    assert "Nobody who was invited is notified." in html(otto.client.post(f"{place}/end", data=fields))


@pytest.mark.parametrize("verb", ["revoke", "reissue"])
def test_what_logs_a_field_user_out_is_confirmed(otto, integrator, field, verb) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    place = f"/inspections/{session['id']}"
    field.join(invite)
    fields = {"csrf_token": token(html(otto.get(place))), "step": "preview"}
    shown = html(otto.client.post(f"{place}/invites/{invite['id']}/{verb}", data=fields))
    assert "The field user who joined with it is signed out." in shown
    assert field.join(invite).status_code == 200
    assert otto.press(f"{place}/invites/{invite['id']}/{verb}", place).status_code == 303
    assert field.join(invite).status_code != 200
