"""My work today and the navigation: only one's own desks, true numbers, links that open."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import Message, enqueue
from tests.cast import Cast

DESKS = {"Depositions", "Prescreens", "Inspections"}
OF = {
    "ines": {"Depositions"},
    "lena": {"Prescreens"},
    "otto": {"Inspections"},
    "mira": {"Prescreens", "Inspections"},
    "adam": DESKS,
    "ada": DESKS,
    "nora": set(),
}


def headings(page: str) -> set[str]:
    return set(re.findall(r"<h2[^>]*>([^<]+)</h2>", page)) & DESKS


@pytest.mark.parametrize("who", OF)
def test_everybody_sees_their_own_desks(client: FlaskClient, cast: Cast, who: str) -> None:
    page = cast.sign_in(client, who).get("/").text
    nav, _, main = page.partition('id="main"')
    assert headings(nav) == OF[who]
    assert headings(main.partition("</main>")[0]) == OF[who]
    assert ("People and keys" in nav) == (who == "adam")
    assert ("No desk is open to you" in main) == (who == "nora")


def test_every_link_opens(client: FlaskClient, cast: Cast) -> None:
    page = cast.sign_in(client, "adam").get("/").text
    links = {link for link in re.findall(r'<a href="(/[^"#]*)"', page) if not link.startswith("/static")}
    assert len(links) > 6
    assert {link: client.get(link.replace("&amp;", "&")).status_code for link in links} == dict.fromkeys(links, 200)


def test_nobody_signed_out_sees_it(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/").location == "/sign-in?next=/"
    assert client.get("/search?q=a").status_code == 303


def queued(database: Database, organization_id: int, subject: str, **changes: Any) -> None:
    from sqlalchemy import update

    from app.kernel.outbox.outbox import OutboxRow

    with database.write() as db:
        (id,) = enqueue(
            db,
            [Message("email", {"to": "a@example.com"}, "example.com")],
            event_id=None,
            organization_id=organization_id,
            subject_type=subject,
            subject_id="1",
            now=now(),
        )
        db.execute(update(OutboxRow).where(OutboxRow.id == id).values(**{"state": "queued", **changes}))


def test_messages_that_did_not_get_through_are_named(client: FlaskClient, cast: Cast, database: Database) -> None:
    queued(database, cast.marston.id, "prescreen", state="dead")
    queued(database, cast.marston.id, "prescreen", last_error="No answer")
    queued(database, cast.marston.id, "prescreen")
    queued(database, cast.marston.id, "deposition", state="dead")
    queued(database, cast.harbor.id, "prescreen", state="dead")
    warned = words(cast.sign_in(client, "lena").get("/").text)
    assert "Some messages failed. Prescreens: 1 message failed, 1 message failing." in warned
    warned = words(cast.sign_in(client, "adam").get("/").text)
    assert "Depositions: 1 message failed. Prescreens: 1 message failed, 1 message failing." in warned
    assert "not told" not in words(cast.sign_in(client, "otto").get("/").text)


def test_home_and_the_desks_lists_say_the_same(client: FlaskClient, cast: Cast, database: Database) -> None:
    for subject in ("deposition", "prescreen", "inspection", "invite"):
        queued(database, cast.marston.id, subject, state="dead")
        queued(database, cast.marston.id, subject, last_error="No answer")
    queued(database, cast.marston.id, "deposition", state="dead", dismissed_at=now(), dismissed_by="Ines Okafor")
    cast.sign_in(client, "adam")
    home = words(client.get("/").text)
    for title, path, n in (("Depositions", "/depositions", 1), ("Prescreens", "/prescreens", 1)):
        assert f"{title}: {n} message failed, {n} message failing." in home
        page = words(client.get(path).text)
        assert f"Failed {n}" in page
        assert f"Failing {n}" in page
    assert "Inspections: 2 messages failed, 2 messages failing." in home
    listed = client.get("/messages?view=failed&desk=inspections").text
    assert listed.count("data-row=") == 2


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace(" ,", ",").split()).replace(" ,", ",").replace(" .", ".")
