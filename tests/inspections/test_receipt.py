"""The receipt of a field user: their own page behind a signed link, and the e-mail about it after the end."""

import re
import uuid

import pytest

from app.files import pictures
from app.inspections import receipts, records, rules
from app.inspections.models import ConsentWording
from tests.inspections.conftest import token_of
from tests.inspections.pages import kinds, send
from tests.inspections.test_capture import PLACED, Phone, chained, file, items
from tests.inspections.test_chain import run, unpack
from tests.inspections.test_field_pages import Browser
from tests.pages import text
from tests.pictures import picture

ALEX = {"recipient_first_name": "Alex", "recipient_email": "alex@example.com"}


@pytest.fixture
def session(integrator) -> dict:
    return integrator.create(notes="Hail <b>")


class Invited(Phone):
    """The browser of a field user who was invited by e-mail, and typed the code."""

    def __init__(self, app, integrator, session, **facts) -> None:
        Browser.__init__(self, app, address=facts.pop("address", "203.0.113.7"))
        self.invite = integrator.invite(session, **{**ALEX, **facts})
        self.place, self.session = f"/join/{session['id']}", session
        answer = self.post(f"{self.place}/code", t=token_of(self.invite), code=self.invite["otp_code"])
        assert answer.status_code == 303
        assert answer.location.startswith(f"{self.place}/")


@pytest.fixture
def alex(app, integrator, session) -> Invited:
    phone = Invited(app, integrator, session)
    phone.allow()
    return phone


def end(integrator, session, outbox, clock) -> None:
    """Ends the inspection, and lets the worker send what is due a while later."""
    assert integrator.end(session).status_code == 200
    clock.move(minutes=2)
    outbox.deliver_all()


@pytest.fixture
def mailed(outbox, monkeypatch):
    """The e-mails of receipts, as they are written: what was sent is blanked. The outbox has each of them."""
    from app.inspections import emails

    found = []
    receipt = emails.receipt

    def noted(*args, **facts):
        found.append(receipt(*args, **facts))
        return found[-1]

    monkeypatch.setattr(emails, "receipt", noted)
    yield found
    assert {message.dedupe for message in found} <= {row.dedupe for row in outbox.rows("email")}


def path_of(message) -> str:
    return re.search(r"https?://[^/]+(/join/\S+/receipt/\S+)", message.payload["text"])[1]


def test_the_mail_and_the_page_have_what_was_sent_and_nobody_else_s(
    app, integrator, session, alex, otto, database, outbox, clock, mailed
) -> None:
    bea = Invited(app, integrator, session, recipient_email="bea@example.com", address="203.0.113.9")
    bea.allow()
    alex.send(photo=file(PLACED, "<i>Door.jpg"), note="dry")
    bea.send(photo=file(picture(colour="green"), "Bea.jpg"))
    front, note, green = items(database, session)
    outbox.deliver_all()
    send(otto, session, "attend")
    end(integrator, session, outbox, clock)
    assert otto.get(f"/inspections/{session['id']}/evidence/{green.id}/original").status_code == 200

    mine = next(message for message in mailed if message.payload["to"] == "alex@example.com")
    assert (len(mailed), mine.secret) == (2, True)
    assert [part["inline"] for part in mine.payload["attachments"]] == ["yes"]
    assert f"cid:{mine.payload['attachments'][0]['name']}" in mine.payload["html"]
    assert all(each.sha256 in mine.payload["text"] for each in (front, note))
    assert green.sha256 not in mine.payload["text"]

    anybody = Browser(app, address="198.51.100.4")
    page = text(anybody.get(path_of(mine)))
    for shown in ("&lt;i&gt;Door.jpg", "dry", front.sha256, note.sha256, "Otto Kim was with you", "Hail &lt;b&gt;"):
        assert shown in page
    assert green.sha256 not in page
    assert "Bea" not in page
    assert "downloaded" not in page.replace("who downloaded files", ""), "what was downloaded was not theirs"
    got = anybody.get(f"{path_of(mine)}/{front.id}")
    assert (got.data, got.headers["Content-Disposition"]) == (PLACED, f'attachment; filename="{front.sha256}.jpg"')
    small = anybody.get(f"{path_of(mine)}/{front.id}/thumbnail")
    assert pictures.facts(small.data).mime == small.mimetype == "image/jpeg"
    for part in ("", "/thumbnail"):
        assert anybody.get(f"{path_of(mine)}/{green.id}{part}").status_code == 404

    otto.get(f"/inspections/{session['id']}/evidence/{front.id}/original")
    assert "Otto Kim downloaded files" in text(anybody.get(path_of(mine)))
    assert 'lang="de"' in anybody.get(f"{path_of(mine)}?lang=de").text


def test_what_was_erased_says_so_and_is_gone(
    app, cast, integrator, session, alex, database, outbox, clock, mailed
) -> None:
    from tests.inspections.test_erase_evidence import erase

    alex.send(photo=file(PLACED, "Door.jpg"))
    (front,) = items(database, session)
    end(integrator, session, outbox, clock)
    assert erase(cast.sign_in(app.test_client(), "adam"), session, front).status_code == 303
    page = text(alex.get(path_of(mailed[0])))
    assert "Erased on" in page
    assert front.sha256 in page
    assert "Door.jpg" not in page
    assert [alex.get(f"{path_of(mailed[0])}/{front.id}{part}").status_code for part in ("", "/thumbnail")] == [404, 404]


def test_who_gets_none(app, integrator, session, alex, otto, database, outbox, clock, mailed) -> None:
    """Neither who was revoked, nor who looks on, nor who never came; and nobody twice."""
    Invited(app, integrator, session, recipient_email="o@example.com", role="observer", address="203.0.113.8")
    integrator.invite(session, recipient_email="never@example.com")
    gone = Invited(app, integrator, session, recipient_email="gone@example.com", address="203.0.113.9")
    link = receipts.url(database.config, _invite(database, session, gone)).removeprefix(database.config.public_base_url)
    assert gone.get(link).status_code == 200
    assert integrator.end(session).status_code == 200
    assert send(otto, session, f"invites/{gone.invite['id']}/revoke").status_code == 303
    assert (gone.get(link).status_code, gone.get(f"{link}x").status_code) == (410, 404)
    clock.move(minutes=2)
    outbox.deliver_all()
    integrator.end(session)
    clock.move(minutes=2)
    outbox.deliver_all()
    assert [message.payload["to"] for message in mailed] == ["alex@example.com"]
    assert kinds(database, session).count("inspection.receipt_sent") == 1


def _invite(database, session, phone):
    from app.inspections import queries

    with database.read() as db:
        return queries.invite(db, uuid.UUID(phone.invite["id"]), uuid.UUID(session["id"]))


def test_the_link_of_another_inspection_opens_nothing(app, integrator, session, alex, database) -> None:
    other = integrator.create()
    link = receipts.url(database.config, _invite(database, session, alex)).removeprefix(database.config.public_base_url)
    assert alex.get(link.replace(session["id"], other["id"])).status_code == 404


def test_the_end_says_who_is_sent_one(app, integrator, session, alex, otto) -> None:
    shown = text(otto.post(f"/inspections/{session['id']}/end", data={"csrf_token": _token(otto, session)}))
    assert "Field users who took part are sent their receipt." in shown
    assert "Receipt by e-mail to Alex" in shown
    assert "Nobody who was invited is notified." not in shown


def _token(browser, session) -> str:
    page = browser.get(f"/inspections/{session['id']}").text
    return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]


def test_the_phone_itself_leads_to_it_after_the_end(app, integrator, session, alex) -> None:
    """Also where nobody was mailed; the mailed link alone, in another browser, does not."""
    phone = Phone(app, integrator, session, address="203.0.113.12")
    integrator.end(session)
    ended = phone.get(f"{phone.place}/room")
    assert ended.status_code == 410
    path = re.search(r'href="https?://[^/]+(/join/[^"]+/receipt/[^"]+)"', ended.text)[1]
    assert "You sent no photos, documents or notes." in text(phone.get(path))
    mailed = f"{alex.place}/?t={token_of(alex.invite)}"
    assert "/receipt/" in alex.get(mailed).text
    assert "/receipt/" not in Browser(app, address="198.51.100.4").get(mailed).text


def test_a_mailbox_has_no_more_than_its_share_and_waits(
    app, integrator, session, alex, outbox, clock, mailed, monkeypatch
) -> None:
    other = integrator.create()
    Invited(app, integrator, other, recipient_email="Alex+2@example.com")
    integrator.end(other)
    monkeypatch.setattr(rules, "LINKS_OF_A_RECIPIENT", 1)
    end(integrator, session, outbox, clock)
    assert len(mailed) == 1
    clock.move(hours=2)
    outbox.deliver_all()
    assert len(mailed) == 2


def test_consent_is_taken_back_after_the_end(
    app, integrator, session, alex, otto, database, outbox, clock, tmp_path
) -> None:
    alex.send(photo=file(PLACED))
    integrator.end(session)
    link = receipts.url(database.config, _invite(database, session, alex)).removeprefix(database.config.public_base_url)
    anybody = Browser(app, address="198.51.100.4")
    first_press = re.search(
        r"<details><summary>Take back: A recording</summary>.*?</details>", anybody.get(link).text, re.S
    )
    assert first_press, "it opens what it means"
    assert "You can take back" in first_press[0]
    for _ in range(2):
        assert _withdraw(anybody, link, "recording").status_code == 303
    _withdraw(anybody, link, "microphone")
    page = text(anybody.get(link))
    assert "<summary>Take back: A recording" not in page
    assert "<summary>Take back: Your camera" in page
    assert "so that what is said and shown can be looked at again" in page, (
        "the words of the question stay beside those"
    )
    withdrawn = chained(database, session, "consent.withdrawn")
    assert [(each["subject"], each["answer"]) for each in withdrawn] == [("recording", "denied")]
    with database.read() as db:
        words = db.get_one(ConsentWording, withdrawn[0]["wording"]).text
        record = records.read(db, uuid.UUID(session["id"]))
    assert words.endswith("ask Marston & Vale.\nTake back: A recording")
    assert record.verdict(()).fault == ""
    assert integrator.session(session)["consent_state"]["recording"] == "denied"
    assert kinds(database, session)[0] == "inspection.consent_withdrawn"
    (mail,) = (mail for mail in outbox.emails("desk@marston.example.com") if "taken back" in mail["subject"])
    assert "Alex took back" in mail["text"]
    ran = run(unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path))
    assert ran.returncode == 2, ran
    assert _withdraw(anybody, f"{link}x", "camera").status_code == 403


def _withdraw(browser, link: str, subject: str):
    """Presses a button of the receipt, with the token of its form, and without a cookie."""
    page = browser.get(link).text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    fields = {"csrf_token": token[1] if token else "", "subject": subject}
    return browser.client.post(
        f"{link}/withdraw", data=fields, headers=browser.headers, environ_overrides=browser.environ
    )
