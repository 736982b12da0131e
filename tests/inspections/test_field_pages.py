"""The field user's pages: inert until pressed, every refusal in plain words, four languages, consent sealed."""

import json
import re
import uuid
from datetime import timedelta

import pytest

from app.inspections import chain, queries
from app.inspections.locales import TRANSLATIONS, time_left
from app.inspections.models import ConsentWording
from app.kernel.changes.events import timeline
from app.kernel.crypto import sha256
from tests.inspections import pages
from tests.inspections.conftest import PHONE, at_once, printed, token_of, wrong


class Browser:
    """A phone with cookies, at one address."""

    def __init__(self, app, address: str = "203.0.113.7", agent: str = PHONE) -> None:
        self.client = app.test_client()
        self.environ, self.headers = {"REMOTE_ADDR": address}, {"User-Agent": agent}

    def get(self, path: str, headers=(), **more):
        return self.client.get(path, headers={**self.headers, **dict(headers)}, environ_overrides=self.environ, **more)

    def head(self, path: str):
        return self.client.head(path, headers=self.headers, environ_overrides=self.environ)

    def post(self, path: str, **fields: str):
        page = self.get("/join/x/").get_data(as_text=True)
        fields["csrf_token"] = re.search(r'<meta name="csrf-token" content="([^"]+)"', page)[1]
        return self.client.post(path, data=fields, headers=self.headers, environ_overrides=self.environ)

    def answer(self, place: str, **answers: str):
        """Sends the form of what they allow, as the page shows it."""
        wording = re.search(r'name="wording"[^>]* value="(\w+)"', self.get(f"{place}/consent").text)
        return self.post(f"{place}/consent", wording=wording[1] if wording else "", **answers)


@pytest.fixture
def phone(app) -> Browser:
    return Browser(app)


@pytest.fixture
def session(integrator) -> dict:
    return integrator.create(locale="fr", notes="Dégât <b>")


@pytest.fixture
def invite(integrator, session) -> dict:
    return integrator.invite(session, **printed("mint"))


def place(invite: dict) -> str:
    return f"/join/{invite['session']}"


def mailed(invite: dict, lang: str = "") -> str:
    return f"{place(invite)}/?t={token_of(invite)}" + (f"&lang={lang}" if lang else "")


def kinds(database, session: dict) -> list[str]:
    with database.read() as db:
        return [row.kind for row in timeline(db, "inspection", session["id"])][::-1]


def test_opening_the_mailed_link_redeems_nothing_and_is_noted_once(phone, integrator, session, database) -> None:
    invite = integrator.invite(session)
    for _ in range(3):
        page = phone.get(mailed(invite))
        assert page.status_code == 200
    phone.head(mailed(invite))
    html = page.get_data(as_text=True)
    assert "vous invite à une inspection" in html
    assert "Dégât &lt;b&gt;" in html
    assert 'lang="fr"' in html
    assert integrator.session(session)["status"] == "created"
    assert kinds(database, session).count("inspection.invite_seen") == 1


def test_head_alone_is_noted_nowhere(phone, integrator, session, database) -> None:
    phone.head(mailed(integrator.invite(session)))
    assert "inspection.invite_seen" not in kinds(database, session)


def test_the_whole_way(phone, invite, integrator, session, database) -> None:
    pressed = phone.post(f"{place(invite)}/", t=token_of(invite))
    assert (pressed.status_code, pressed.headers["Location"].partition("?")[0]) == (303, f"{place(invite)}/code")
    page = phone.get(pressed.headers["Location"]).get_data(as_text=True)
    assert "al…@policyholder.com" in page
    assert 'autocomplete="one-time-code"' in page
    again = phone.post(f"{place(invite)}/code", t=token_of(invite), code=wrong(invite))
    page = phone.get(again.headers["Location"]).get_data(as_text=True)
    assert "Il vous reste 4 essais." in page
    assert phone.get(again.headers["Location"]).status_code == 200, "reloading costs no try"
    empty = phone.post(f"{place(invite)}/code", t=token_of(invite), code=" ")
    assert "Il vous reste 4 essais." in phone.get(empty.headers["Location"]).get_data(as_text=True)
    code = f"{invite['otp_code'][:3]} {invite['otp_code'][3:]}"
    joined = phone.post(f"{place(invite)}/code", t=token_of(invite), code=code)
    assert (joined.status_code, joined.headers["Location"]) == (303, f"{place(invite)}/consent")
    assert token_of(invite) not in joined.headers["Location"]
    assert "HttpOnly" in joined.headers["Set-Cookie"]
    assert f"Path={place(invite)}/" in joined.headers["Set-Cookie"]
    assert phone.get(f"{place(invite)}/consent").status_code == 200
    consented = phone.answer(place(invite), camera="granted", gps="denied", recording="granted")
    assert (consented.status_code, consented.headers["Location"]) == (303, f"{place(invite)}/room")
    assert "Vous êtes en ligne" in phone.get(f"{place(invite)}/room").get_data(as_text=True)
    assert integrator.session(session)["consent_state"] == {
        "camera": "granted",
        "gps": "denied",
        "recording": "granted",
    }
    with database.read() as db:
        links = queries.links(db, uuid.UUID(session["id"]))
    assert chain.verify(links)[0] == 6
    answers = [json.loads(link.payload) for link in links if link.kind == "consent.given"]
    expected = [("camera", "granted"), ("gps", "denied"), ("recording", "granted")]
    assert [(a["subject"], a["answer"]) for a in answers] == expected
    with database.read() as db:
        for given in answers:
            kept = db.get_one(ConsentWording, given["wording"])
            assert (sha256(kept.text), kept.locale, given["locale"]) == (given["wording"], "fr", "fr")
            assert TRANSLATIONS.translator("fr")(f"consent_name_{given['subject']}") in kept.text
    assert kinds(database, session)[2:] == [
        "inspection.invite_opened",
        "inspection.code_wrong",
        "inspection.joined",
        "inspection.consent_given",
    ]


def test_consent_twice_and_changed(phone, integrator, session, database) -> None:
    invite = integrator.invite(session)
    phone.post(f"{place(invite)}/", t=token_of(invite))
    first, then = {"camera": "granted", "gps": "granted", "recording": "denied"}, {"camera": "denied", "gps": "granted"}
    for answers in (first, first, {**then, "recording": "granted"}):
        assert phone.answer(place(invite), **answers).location == f"{place(invite)}/room"
    with database.read() as db:
        links = queries.links(db, uuid.UUID(session["id"]))
    found = [link.kind for link in links if link.kind.startswith("consent.")]
    assert found == [*["consent.given"] * 3, "consent.withdrawn", "consent.given"]
    assert integrator.session(session)["consent_state"] == {**then, "recording": "granted"}


ODD = [
    {},
    {"camera": "granted", "gps": "granted"},
    {"camera": "yes", "gps": "granted", "recording": "granted"},
]


@pytest.mark.parametrize("answers", ODD)
def test_a_missing_or_odd_answer_is_asked_again(phone, integrator, session, answers) -> None:
    invite = integrator.invite(session)
    phone.post(f"{place(invite)}/", t=token_of(invite))
    again = phone.answer(place(invite), **answers)
    assert "répondre à chaque question" in phone.get(again.headers["Location"]).text
    assert integrator.session(session)["consent_state"] == {}


def test_answers_to_other_words_do_not_count(phone, integrator, session) -> None:
    invite = integrator.invite(session)
    phone.post(f"{place(invite)}/", t=token_of(invite))
    answers = dict.fromkeys(("camera", "gps", "recording"), "granted")
    again = phone.post(f"{place(invite)}/consent", wording="0" * 64, **answers)
    assert again.location == f"{place(invite)}/consent?missing=1"
    assert integrator.session(session)["consent_state"] == {}


def test_a_second_field_user_is_asked_and_the_worst_answer_counts(phone, app, integrator, session) -> None:
    first, second, other = integrator.invite(session), integrator.invite(session), Browser(app, "198.51.100.2")
    granted = dict.fromkeys(("camera", "gps", "recording"), "granted")
    phone.post(f"{place(first)}/", t=token_of(first))
    phone.answer(place(first), **granted)
    assert other.post(f"{place(second)}/", t=token_of(second)).location == f"{place(second)}/consent"
    page = other.get(f"{place(second)}/consent").text
    assert " checked" not in page, "nobody has answered for them"
    assert "Répondre maintenant" in other.get(f"{place(second)}/room").text
    other.answer(place(second), **{**granted, "gps": "denied"})
    assert integrator.session(session)["consent_state"] == {**granted, "gps": "denied"}
    assert "refusé" not in phone.get(f"{place(first)}/room").text, "each sees their own answers"


def test_the_same_phone_needs_no_code_again_and_another_does_not_get_in(phone, invite, app, session) -> None:
    phone.post(f"{place(invite)}/code", t=token_of(invite), code=invite["otp_code"])
    fresh = Browser(app)
    assert fresh.get(f"{place(invite)}/room").status_code == 403
    assert fresh.post(f"{place(invite)}/", t=token_of(invite)).status_code == 303
    assert fresh.get(f"{place(invite)}/room").status_code == 200
    other = Browser(app, address="198.51.100.2")
    pressed = other.post(f"{place(invite)}/", t=token_of(invite))
    refused = other.get(pressed.headers["Location"])
    assert refused.status_code == 403
    assert "déjà utilisé" in refused.get_data(as_text=True)


def test_every_end_is_explained(phone, invite, integrator, session, app, clock) -> None:
    assert phone.get(mailed({**invite, "join_url": "?t=tok_no"})).status_code == 404
    assert "Dégât" not in phone.get(mailed({**invite, "join_url": "?t=tok_no"})).get_data(as_text=True)
    assert phone.get("/join/nonsense/?t=x").status_code == 404
    for step in range(1, 6):
        last = phone.post(f"{place(invite)}/code", t=token_of(invite), code=wrong(invite, step))
    last = phone.get(last.headers["Location"])
    assert (last.status_code, "bloqué" in last.get_data(as_text=True)) == (423, True)
    assert phone.get(mailed(invite)).status_code == 423
    path = f"/api/v1/public/sessions/{session['id']}/participants/{invite['id']}"
    fresh = integrator.post(f"{path}/reissue").json
    clock.move(minutes=11)
    page = phone.get(f"{place(fresh)}/code?t={token_of(fresh)}").get_data(as_text=True)
    assert "Le code a expiré" in page
    integrator.post(f"{path}/revoke")
    assert (phone.get(mailed(fresh)).status_code, "retiré" in phone.get(mailed(fresh)).get_data(as_text=True)) == (
        410,
        True,
    )
    face = integrator.invite(session)
    phone.post(f"{place(face)}/", t=token_of(face))
    integrator.end(session)
    for path in ("room", "consent"):
        answer = phone.get(f"{place(face)}/{path}")
        assert (answer.status_code, "est terminée" in answer.get_data(as_text=True)) == (410, True)
    late = phone.post(f"{place(face)}/consent", camera="granted", gps="granted")
    assert phone.get(late.headers["Location"]).status_code == 410
    assert phone.get(mailed(face)).status_code == 410


@pytest.mark.parametrize(
    ("lang", "dir", "title"),
    [
        ("ar", "rtl", "تدعوك"),
        ("en", "ltr", "invites you"),
        ("es", "ltr", "le invita a"),
        ("fr", "ltr", "invite à"),
        ("de", "ltr", "lädt Sie zu einer Besichtigung ein"),
        ("it", "ltr", "la invita a"),
        ("pt", "ltr", "convida para uma"),
        ("nl", "ltr", "nodigt u uit"),
        ("pl", "ltr", "zaprasza na"),
        ("cs", "ltr", "vás zve"),
        ("ro", "ltr", "vă invită la"),
        ("sv", "ltr", "bjuder in dig"),
        ("da", "ltr", "inviterer dig"),
        ("tr", "ltr", "davet ediyor"),
    ],
)
def test_every_language(phone, invite, lang, dir, title) -> None:
    page = phone.get(mailed(invite, lang)).get_data(as_text=True)
    assert f'<html lang="{lang}" dir="{dir}"' in page
    assert title in page
    pressed = phone.post(f"{place(invite)}/?lang={lang}", t=token_of(invite))
    assert f'<html lang="{lang}"' in phone.get(pressed.headers["Location"]).get_data(as_text=True)


@pytest.mark.parametrize(
    ("lang", "one", "two"),
    [
        ("en", "You have 1 try left.", "You have 2 tries left."),
        ("es", "Le queda 1 intento.", "Le quedan 2 intentos."),
        ("fr", "Il vous reste 1 essai.", "Il vous reste 2 essais."),
        ("ar", "بقيت محاولة واحدة.", "بقيت محاولتان."),
        ("pl", "Pozostała 1 próba.", "Pozostały 2 próby."),
        ("ro", "Mai aveți 1 încercare.", "Mai aveți 2 încercări."),
        ("tr", "1 deneme hakkınız kaldı.", "2 deneme hakkınız kaldı."),
    ],
)
def test_tries_that_are_left_are_counted(phone, invite, lang, one, two) -> None:
    pages = []
    for step in range(1, 5):
        again = phone.post(f"{place(invite)}/code?lang={lang}", t=token_of(invite), code=wrong(invite, step))
        pages.append(phone.get(again.headers["Location"]).get_data(as_text=True))
    assert two in pages[2]
    assert one in pages[3]


@pytest.mark.parametrize(
    ("seconds", "english", "arabic"),
    [
        (59, "less than a minute", "أقل من دقيقة"),
        (60, "1 min", "دقيقة واحدة"),
        (150, "2 min", "دقيقتين"),
        (240, "4 min", "4 دقائق"),
        (900, "15 min", "15 دقيقة"),
    ],
)
def test_time_that_is_left(seconds, english, arabic) -> None:
    length = timedelta(seconds=seconds)
    assert time_left(length, TRANSLATIONS.translator("en")) == english
    assert time_left(length, TRANSLATIONS.translator("ar")) == arabic


def test_a_code_in_arabic_digits_is_right_and_marks_alone_cost_no_try(phone, invite) -> None:
    phone.post(f"{place(invite)}/", t=token_of(invite))
    asked = phone.post(f"{place(invite)}/code", t=token_of(invite), code="\u202a-\u202c \u200b")
    assert "empty=1" in asked.location
    assert "tries" not in phone.get(asked.location + "&lang=en").text
    arabic = invite["otp_code"].translate({ord("0") + n: chr(0x660 + n) for n in range(10)})
    typed = f"\u202b{arabic[:3]}-{arabic[3:]}\u202c"
    assert phone.post(f"{place(invite)}/code", t=token_of(invite), code=typed).location == f"{place(invite)}/consent"


def test_without_a_form_token_nothing_is_redeemed(app, integrator, session) -> None:
    invite = integrator.invite(session)
    answer = app.test_client().post(f"{place(invite)}/", data={"t": token_of(invite)})
    assert answer.status_code in (400, 403)
    assert integrator.session(session)["status"] == "created"


def test_many_presses_at_once_are_one_join(app, integrator, session, database) -> None:
    invite = integrator.invite(session)
    phones = [Browser(app) for _ in range(6)]
    results = at_once(6, lambda n: phones[n].post(f"{place(invite)}/", t=token_of(invite)).status_code)
    assert results == {303: 6}
    assert kinds(database, session).count("inspection.joined") == 1


# A phone whose link is over ----------------------------------------------------------------------------------------

OVER = {
    "reissued": ("link_replaced", 410),
    "reissued twice": ("link_replaced", 410),
    "revoked": ("join_revoked", 410),
    "reissued and revoked": ("join_revoked", 410),
    "reissued and expired": ("join_expired", 410),
    "expired": ("join_expired", 410),
    "ended": ("session_ended", 410),
    "reissued and ended": ("session_ended", 410),
}


@pytest.mark.parametrize("what", OVER)
def test_a_phone_is_told_why_its_link_is_over(phone, integrator, session, clock, what) -> None:
    """At every address that the phone may have open: the link's own, the code's, and those after joining."""
    session = integrator.create(locale="es")
    invite = integrator.invite(session, **printed("mint"))
    joined = phone.post(f"{place(invite)}/code", t=token_of(invite), code=invite["otp_code"])
    assert phone.get(joined.headers["Location"]).status_code == 200
    path = f"/api/v1/public/sessions/{session['id']}/participants/{invite['id']}"
    for step in what.split(" and "):
        if step.startswith("reissued"):
            for _ in range(step.count("twice") + 1):
                assert integrator.post(f"{path}/reissue").status_code == 200
        elif step == "revoked":
            integrator.post(f"{path}/revoke")
        elif step == "expired":
            clock.move(minutes=1441)
        else:
            integrator.end(session)
    word, status = OVER[what]
    sentence = TRANSLATIONS.translator("es")(f"gone_text_{word}")
    for address in (mailed(invite), f"{place(invite)}/code?t={token_of(invite)}", f"{place(invite)}/room"):
        page = phone.get(address)
        assert (page.status_code, sentence in page.text) == (status, True), address
    for form, fields in (("", {}), ("/code", {"code": invite["otp_code"]}), ("/consent", {"camera": "granted"})):
        pressed = phone.post(f"{place(invite)}{form or '/'}", t=token_of(invite), **fields)
        page = phone.get(pressed.headers["Location"])
        assert (page.status_code, sentence in page.text) == (status, True), form


def test_after_a_reissue_the_new_link_asks_for_the_new_code(phone, integrator, session) -> None:
    invite = integrator.invite(session, **printed("mint"))
    phone.post(f"{place(invite)}/code", t=token_of(invite), code=invite["otp_code"])
    path = f"/api/v1/public/sessions/{session['id']}/participants/{invite['id']}"
    fresh = integrator.post(f"{path}/reissue").json
    pressed = phone.post(f"{place(fresh)}/", t=token_of(fresh))
    assert pressed.headers["Location"].startswith(f"{place(fresh)}/code?")
    joined = phone.post(f"{place(fresh)}/code", t=token_of(fresh), code=fresh["otp_code"])
    assert phone.get(joined.headers["Location"]).status_code == 200


def test_a_link_without_a_code_is_not_said_to_have_one(phone, integrator, session) -> None:
    invite = integrator.invite(session)
    integrator.post(f"/api/v1/public/sessions/{session['id']}/participants/{invite['id']}/reissue")
    page = phone.get(mailed(invite))
    assert TRANSLATIONS.translator("fr")("gone_text_link_replaced_no_code") in page.text


def test_the_replaced_links_of_another_inspection_say_nothing(phone, integrator, session) -> None:
    invite, other = integrator.invite(session), integrator.create(locale="fr")
    integrator.post(f"/api/v1/public/sessions/{session['id']}/participants/{invite['id']}/reissue")
    assert phone.get(mailed({**invite, "session": other["id"]})).status_code == 404


def test_a_browser_without_cookies_is_told_that_it_needs_one(app, invite) -> None:
    phone = Browser(app)
    phone.client = app.test_client(use_cookies=False)
    pressed = phone.post(f"{place(invite)}/", t=token_of(invite))
    assert phone.get(pressed.headers["Location"]).status_code == 200
    joined = phone.post(f"{place(invite)}/code", t=token_of(invite), code=invite["otp_code"])
    page = phone.get(joined.headers["Location"])
    assert (page.status_code, "Autorisez les cookies" in page.text) == (403, True)
    phone.client = app.test_client()
    again = phone.post(f"{place(invite)}/", t=token_of(invite))
    assert phone.get(again.headers["Location"]).status_code == 200, "with cookies, the link lets it in"


def test_the_page_of_one_who_is_in_follows(phone, integrator, session, otto) -> None:
    invite = integrator.invite(session)
    phone.post(f"{place(invite)}/", t=token_of(invite))
    room = f"{place(invite)}/room"

    def revision():
        return re.search(r'data-revision="(\w+)"', phone.get(room).text)[1]

    before = revision()
    assert phone.get(room, headers={"If-None-Match": before}).status_code == 304
    pages.send(otto, session, "attend")
    news = phone.get(room, headers={"If-None-Match": before})
    assert (news.status_code, "Otto Kim" in news.text, revision() != before) == (200, True, True)
    integrator.end(session)
    assert phone.get(room, headers={"If-None-Match": before}).status_code == 410
