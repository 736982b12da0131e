"""What waited to be sent leaves after the upgrade under its own id; what was decided becomes final or is undone."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import jwt
import pytest

from app.inspections import anchors
from tests.clocks import Clock
from tests.inspections.authority import Authority
from tests.outgoing import MailServer, Receiver
from tests.upgrade import product
from tests.upgrade.browser import Browsers, Page
from tests.upgrade.snapshot import facts, snapshot

HOOK, AUTHORITY = "http://127.0.0.1:9/hook", "http://127.0.0.1:9/tsr"
"""Addresses in the snapshot where nobody listens: the tests put their own servers there."""
MESSAGE_ID = re.compile(r"<([0-9a-f-]{36})@")


class Outside:
    """Servers that take what leaves: mail, text messages, webhooks."""

    def __init__(self, database: Any, mail: MailServer, texts: Receiver, hooks: Receiver) -> None:
        self.database, self.mail, self.texts, self.hooks = database, mail, texts, hooks

    @property
    def emails(self) -> Counter[str]:
        """How often each e-mail came, by the id of its message."""
        ids = [MESSAGE_ID.match(email["Message-ID"]) for email in self.mail.mails]
        return Counter(id[1] for id in ids if id)

    def recipients(self) -> Counter[str]:
        return Counter(email["To"].addresses[0].addr_spec for email in self.mail.mails)

    def redirect(self, old: str, new: str) -> None:
        """Gives waiting webhooks another receiver; everything else of their payload stays as it was written."""
        waiting = f"SELECT id, payload FROM {product.OUTBOX} WHERE channel = 'webhook' AND state = 'queued'"
        for id, payload in product.rows(self.database, waiting):
            moved = product.reencrypt(self.database, payload, lambda text: text.replace(old, new))
            product.write(
                self.database, f"UPDATE {product.OUTBOX} SET payload = :payload WHERE id = :id", payload=moved, id=id
            )


@pytest.fixture
def outside(database: Any, smtp: MailServer) -> Iterator[Outside]:
    with Receiver() as texts, Receiver() as hooks:
        product.connect_to(database, smtp_url=smtp.url, sms_url=texts.url)
        found = Outside(database, smtp, texts, hooks)
        found.redirect(HOOK, hooks.url)
        yield found


@pytest.fixture
def authority(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """The time-stamping authority that one inspection waits for. Its clock is not the test's."""
    monkeypatch.setattr(anchors, "CLOCKS_DIFFER", timedelta(days=10_000))
    made = Authority(tmp_path)
    server = made.serve()
    url = f"http://127.0.0.1:{server.server_port}/tsr"
    product.write(
        database, "UPDATE anchor_requests SET authority = :new WHERE authority = :old", new=url, old=AUTHORITY
    )
    yield made
    server.shutdown()
    server.server_close()


def waiting() -> list[dict[str, Any]]:
    """The messages of the snapshot that were still to be sent."""
    return [{**row, "id": _dashed(row["id"])} for row in snapshot().records("outbox") if row["state"] == "queued"]


RESET = "job:accounts.password_reset"
"""Requests for new passwords. They are deleted a day after they were carried out: the address may be unknown."""


def work_until_nothing_waits(database: Any, clock: Clock) -> None:
    """Lets the worker go on at each moment at which something of the snapshot is due."""
    now = clock.now()
    product.work(database, now)
    for moment in sorted({datetime.fromisoformat(row["due_at"]) for row in waiting()}):
        if moment > now:
            product.work(database, clock.set(moment))


def states(database: Any) -> dict[str, str]:
    found = product.rows(database, f"SELECT id, state FROM {product.OUTBOX}")
    return {_dashed(str(id)): state for id, state in found}


def test_the_snapshot_waits_on_every_channel() -> None:
    channels = {row["channel"] for row in waiting()}
    jobs = {"job:accounts.password_reset", "job:inspections.anchor", "job:inspections.remind"}
    assert channels == {"email", "sms", "webhook", *jobs}


def test_everything_that_waited_leaves_under_its_own_id(
    database: Any, outside: Outside, authority: Authority, clock: Clock
) -> None:
    work_until_nothing_waits(database, clock)
    rows, now = waiting(), states(database)
    assert {row["id"]: now.get(row["id"]) for row in rows} == {
        row["id"]: None if row["channel"] == RESET else "sent" for row in rows
    }
    by_channel = {
        channel: [row["id"] for row in rows if row["channel"] == channel] for channel in ("email", "sms", "webhook")
    }
    emails = outside.emails
    assert {id: emails[id] for id in by_channel["email"]} == dict.fromkeys(by_channel["email"], 1)
    assert sorted(json.loads(got.body)["id"] for got in outside.texts.got) == sorted(by_channel["sms"])
    assert sorted(got.headers["webhook-id"] for got in outside.hooks.got) == sorted(by_channel["webhook"])


def test_what_leaves_says_what_was_written(database: Any, outside: Outside, clock: Clock) -> None:
    product.work(database, clock.now())
    emails = {id[1]: email for email in outside.mail.mails if (id := MESSAGE_ID.match(email["Message-ID"]))}
    texts = {content["id"]: content for content in (json.loads(got.body) for got in outside.texts.got)}
    hooks = {got.headers["webhook-id"]: json.loads(got.body)["jwt_payload"] for got in outside.hooks.got}
    key = facts()["keys"]["marston"]["depositions"]
    compared = Counter[str]()
    for row in waiting():
        if row["channel"].startswith("job:") or row["due_at"] > snapshot().moment:
            continue
        written = json.loads(product.decrypt(database, row["payload"]))
        compared[row["channel"]] += 1
        if row["channel"] == "email":
            email = emails[row["id"]]
            assert email["To"].addresses[0].addr_spec == written["to"]
            assert (email["Subject"], _plain(email)) == (written["subject"], written["text"].strip())
            names = [part.get_filename() for part in email.iter_attachments()]
            assert names == [part["name"] for part in written["attachments"]]
        elif row["channel"] == "sms":
            assert texts[row["id"]] == {"id": row["id"], "to": written["to"], "body": written["body"]}
        else:
            assert jwt.decode(hooks[row["id"]], key, algorithms=["HS256"]) == written["claims"]
    assert compared.keys() == {"email", "sms", "webhook"}


def test_jobs_do_what_they_were_for(database: Any, outside: Outside, authority: Authority, clock: Clock) -> None:
    work_until_nothing_waits(database, clock)
    to = outside.recipients()
    assert to["elise.marchand@example.com"] == 1, "the link for a new password that she asked for"
    assert to["fabien@example.org"] == 4, "link, code and two reminders"
    assert authority.asked == 1
    stamped = product.rows(database, "SELECT inspection_id, state FROM anchor_requests")
    assert (facts()["anchor"]["id"], "anchored") in {(_dashed(str(id)), state) for id, state in stamped}


def test_what_was_over_stays_over(database: Any, outside: Outside, authority: Authority, clock: Clock) -> None:
    work_until_nothing_waits(database, clock)
    now = states(database)
    for row in snapshot().records("outbox"):
        if row["state"] != "queued" and row["channel"] != RESET:
            assert now[_dashed(row["id"])] == row["state"]
    sent_before = {_dashed(row["id"]) for row in snapshot().records("outbox") if row["state"] != "queued"}
    assert not sent_before & set(outside.emails)


def test_nothing_is_sent_by_itself_about_sessions_of_before(
    database: Any, outside: Outside, authority: Authority, clock: Clock
) -> None:
    """Also when organizations switch on all that is sent by itself: that holds for what is booked from then on."""
    product.switch_everything_on(database, clock.now())
    last = max(datetime.fromisoformat(row["starts_at"]) for row in snapshot().records("depositions"))
    while clock.now() < last + timedelta(days=1):
        product.work(database, clock.move(days=1))
    written = {_dashed(row["id"]) for row in snapshot().records("outbox") if row["subject_type"] == "deposition"}
    found = product.rows(database, f"SELECT id FROM {product.OUTBOX} WHERE subject_type = 'deposition'")
    assert {_dashed(str(id)) for (id,) in found} == written
    before = len(outside.mail.mails)
    assert before
    product.work(database, clock.move(days=30))
    assert len(outside.mail.mails) == before


def test_what_was_given_up_can_be_sent_again(database: Any, outside: Outside, browsers: Browsers, clock: Clock) -> None:
    browser = browsers["ines.moreau@example.com"]
    for id in (facts()["dead"], facts()["sent_kept"]):
        reader = browsers["priya.raman@example.com"] if id == facts()["sent_kept"] else browser
        reader.submit(reader.get(f"/deliveries/{id}").form("send_again"))
    product.work(database, clock.now())
    assert [outside.emails[facts()[name]] for name in ("dead", "sent_kept")] == [1, 1]


def test_a_cancellation_finds_the_invitation_in_peoples_calendars(
    database: Any, outside: Outside, browsers: Browsers, clock: Clock
) -> None:
    browser, url = browsers["ines.moreau@example.com"], f"/depositions/{facts()['session']['id']}"
    product.work(database, clock.now())
    invited = [_calendar(email) for email in outside.mail.mails if email["To"] == "wes@example.org"]
    outside.mail.mails.clear()
    shown = browser.submit(browser.get(url).form("/cancel"), step="preview", tell="yes")
    browser.submit(Page(shown).form("/cancel"))
    product.work(database, clock.now())
    canceled = [_calendar(email) for email in outside.mail.mails if email["To"] == "wes@example.org"]
    uid = f"{facts()['session']['remote_session_id']}@localhost"
    assert uid in [file["UID"] for file in invited]
    assert [(file["UID"], file["METHOD"]) for file in canceled] == [(uid, "CANCEL")]


# Decisions that were pending


def decided(app: Any, id: str) -> str:
    """What a prescreen's organization reads of its decision through the API."""
    key = facts()["keys"]["alder"]["prescreens"]
    answer = app.test_client().get(f"/api/v1/sessions/{id}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["reviewStatus"])


def decisions() -> dict[str, dict[str, Any]]:
    """The pending decisions of the snapshot by the names that facts.json gives them."""
    rows = {_dashed(row["id"]): row for row in snapshot().records("holds")}
    return {name: rows[known["id"]] for name, known in facts()["holds"].items()}


def test_decisions_whose_time_was_over_become_final(app: Any, database: Any, outside: Outside, clock: Clock) -> None:
    for pending in decisions().values():
        if pending["state"] == "held":
            assert decided(app, pending["subject_id"]) == "pending_review"
    product.work(database, clock.now())
    for name, decision in (("lapsed_approve", "approved"), ("lapsed_deny", "denied")):
        assert decided(app, decisions()[name]["subject_id"]) == decision, name
        assert outside.recipients()[_email(decisions()[name]["subject_id"])] >= 1
    for name in ("open_approve", "open_deny"):
        assert decided(app, decisions()[name]["subject_id"]) == "pending_review", name


def test_decisions_not_yet_final_become_so_in_time(app: Any, database: Any, outside: Outside, clock: Clock) -> None:
    clock.move(minutes=3)
    product.work(database, clock.now())
    for name, decision in (("open_approve", "approved"), ("open_deny", "denied")):
        assert decided(app, decisions()[name]["subject_id"]) == decision, name


@pytest.mark.parametrize("name, who", [("open_approve", "priya.raman"), ("open_deny", "jonas.thiele")])
def test_a_decision_not_yet_final_can_be_undone_on_the_page(
    app: Any, database: Any, outside: Outside, browsers: Browsers, clock: Clock, name: str, who: str
) -> None:
    browser, id = browsers[f"{who}@example.com"], facts()["holds"][name]["id"]
    page = browser.get(decisions()[name]["url"])
    browser.submit(page.form(f"{id}/undo"))
    clock.move(minutes=3)
    product.work(database, clock.now())
    assert decided(app, decisions()[name]["subject_id"]) == "pending_review"


def test_people_read_of_decisions_that_were_not_written(browsers: Browsers) -> None:
    shown = browsers["priya.raman@example.com"].get("/holds").html
    for name in ("overtaken", "returned"):
        assert decisions()[name]["url"] in shown, name


def _calendar(email: EmailMessage) -> dict[str, str]:
    """The lines of an e-mail's calendar file by name."""
    (content,) = [part.get_content() for part in email.iter_attachments()]
    text = content if isinstance(content, str) else content.decode()
    lines = text.replace("\r\n ", "").splitlines()
    return {name: value for name, _, value in (line.partition(":") for line in lines)}


def _plain(email: EmailMessage) -> str:
    part = email.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").strip()


def _email(prescreen_id: str) -> str:
    plain = prescreen_id.replace("-", "")
    return next(str(row["email"]) for row in snapshot().records("prescreens") if row["id"] == plain)


def _dashed(id: str) -> str:
    plain = id.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
