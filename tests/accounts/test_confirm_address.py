"""The e-mail address of one's own account changes through a link to the new one."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts import links
from app.accounts.actions import addresses, people, sign_ins
from app.accounts.models import Person, SignIn
from app.desks import FOLLOWERS
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Gone
from app.kernel.outbox.outbox import DROPPED
from tests.accounts.addresses import NEW, history, plain, stored
from tests.accounts.browser import post, sign_in, token
from tests.cast import COMMAND_LINE, Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.pages import at_once, presser


def asked(client: FlaskClient, outbox: Outbox, email: str = NEW) -> str:
    """The link in the e-mail to the address that the user of this browser wants."""
    before = len(outbox.emails())
    assert post(client, "/settings/email", {"email": email}).status_code == 303
    found = [each["text"] for each in outbox.emails()[before:] if "/settings/email/" in each["text"]]
    link = re.search(r"https?://[^/\s]+(/settings/email/\S+)", found[-1])
    assert link is not None
    return link[1]


def test_ones_own_takes_effect_once_the_link_is_opened_and_confirmed(
    app: Flask, client: FlaskClient, cast: Cast, database: Database, outbox: Outbox
) -> None:
    cast.sign_in(client, "lena")
    elsewhere = cast.sign_in(app.test_client(), "lena")
    link = asked(client, outbox, " Lena.Ortiz@NEW.example.com ")
    assert stored(database, cast.lena.id).email == "lena@example.com", "nothing changes yet"
    notice = outbox.emails("lena@example.com")[-1]
    assert notice["subject"] == "Another address was asked for your account"
    assert "choose a new password now" in notice["text"]
    assert NEW not in notice["text"] + notice["html"]
    for _ in range(2):
        page = client.get(link)
        assert (page.status_code, NEW in page.text) == (200, True)
    assert client.head(link).status_code == 200
    assert stored(database, cast.lena.id).email == "lena@example.com", "looking uses nothing up"
    answer = client.post(link, data={"csrf_token": token(client, link)})
    assert (answer.status_code, answer.location) == (303, "/settings")
    page = client.get("/settings").text
    assert f"Your address is {NEW} now." in page
    assert f'value="{NEW}"' in page, "this browser stays signed in"
    assert elsewhere.get("/settings").status_code == 303, "the others do not"
    assert history(database, cast.lena.id)[0] == (
        "person.address_changed",
        {"before": {"email": "lena@example.com"}, "after": {"email": NEW}},
    )
    left = outbox.emails("lena@example.com")[-1]
    assert left["subject"] == "Your account no longer has this address"
    assert "tell your administrator at once" in left["text"]
    assert NEW not in left["text"] + left["html"], "somebody else may read it"
    assert [each["subject"] for each in outbox.emails(NEW)] == [], "it got the link alone, which is blanked"


def test_one_signs_in_with_the_new_one_alone(
    app: Flask, client: FlaskClient, cast: Cast, outbox: Outbox, database: Database
) -> None:
    cast.sign_in(client, "lena")
    link = asked(client, outbox)
    client.post(link, data={"csrf_token": token(client, link)})
    assert sign_in(app.test_client(), "lena@example.com").status_code == 422
    assert sign_in(app.test_client(), "Lena.Ortiz@new.example.com").location == "/"


def test_a_link_works_once(client: FlaskClient, cast: Cast, outbox: Outbox, database: Database) -> None:
    cast.sign_in(client, "lena")
    link, other = asked(client, outbox), asked(client, outbox, "lena@other.example.com")
    assert client.post(link, data={"csrf_token": token(client, link)}).status_code == 303
    for each in (link, other):
        assert client.get(each).status_code == 410
        answer = post(client, each)
        assert (answer.status_code, "has been used, or a newer one replaced it" in answer.text) == (410, True)
    assert stored(database, cast.lena.id).email == NEW


def test_of_two_presses_at_once_one_wins(app: Flask, cast: Cast, outbox: Outbox, database: Database) -> None:
    first = cast.sign_in(app.test_client(), "lena")
    link = asked(first, outbox)
    second = cast.sign_in(app.test_client(), "lena")
    answers = at_once([presser(first, link), presser(second, link)])
    # The other is refused, or signed out already.
    assert sorted(each.status_code for each in answers)[0] == 303
    assert sorted(each.status_code for each in answers)[1] in (401, 410)
    assert [kind for kind, _ in history(database, cast.lena.id)].count("person.address_changed") == 1


def test_links_age_and_are_for_one_purpose(client: FlaskClient, cast: Cast, outbox: Outbox, clock: Clock) -> None:
    cast.sign_in(client, "lena")
    link = asked(client, outbox)
    assert client.get(f"/password/new/{link.rpartition('/')[2]}").status_code == 422
    assert client.get(f"{link[:-3]}abc").status_code == 422
    clock.move(minutes=61)
    cast.sign_in(client, "lena")
    old = client.get(link)
    assert (old.status_code, "This link has expired. Ask for a new one." in plain(old)) == (422, True)


def test_a_new_password_ends_a_link(client: FlaskClient, cast: Cast, outbox: Outbox, database: Database) -> None:
    cast.sign_in(client, "lena")
    link = asked(client, outbox)
    with database.write() as db:
        lena = db.get_one(Person, cast.lena.id)
        people.change_password(db, lena.id, 0, "x", how="reset", by=cast.actor("lena"), now=now())
    cast.sign_in(client, "lena")
    assert client.get(link).status_code == 410


def test_a_new_address_ends_links_to_passwords(
    client: FlaskClient, cast: Cast, outbox: Outbox, database: Database
) -> None:
    cast.sign_in(client, "lena")
    link = asked(client, outbox)
    with database.read() as db:
        reset = links.reset_link(db.config, db.get_one(Person, cast.lena.id)).removeprefix(db.config.public_base_url)
    assert client.get(reset).status_code == 200
    client.post(link, data={"csrf_token": token(client, link)})
    assert client.get(reset).status_code == 410


def test_only_its_person_opens_a_link(app: Flask, client: FlaskClient, cast: Cast, outbox: Outbox) -> None:
    cast.sign_in(client, "lena")
    link = asked(client, outbox)
    stranger = app.test_client()
    assert stranger.get(link).location.startswith("/sign-in?next="), "who is not signed in, signs in first"
    cast.sign_in(stranger, "otto")
    for answer in (stranger.get(link), post(stranger, link)):
        assert (answer.status_code, "for another account" in answer.text) == (403, True)
        assert NEW not in answer.text


def test_asking_needs_a_proof_of_identity(client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    cast.sign_in(client, "lena")
    with database.write() as db:
        db.execute(update(SignIn).values(proved_at=None))
    assert "Send the link" not in client.get("/settings").text
    answer = post(client, "/settings/email", {"email": NEW})
    assert answer.location == "/settings/proof?next=/settings"
    assert outbox.rows() == []


def test_whose_an_address_is_is_said_to_its_owner_alone(
    client: FlaskClient, cast: Cast, outbox: Outbox, database: Database
) -> None:
    cast.sign_in(client, "lena")
    shown = []
    for typed in ("otto@example.com", "nobody@example.com"):
        answer = post(client, "/settings/email", {"email": typed})
        shown.append((answer.status_code, client.get("/settings").text.count(f"A link to {typed} is on its way.")))
    assert shown == [(303, 1), (303, 1)]
    link = link_of(outbox, "otto@example.com")
    for answer in (client.get(link), post(client, link)):
        assert (answer.status_code, "Another account has this address." in answer.text) == (409, True)
    assert stored(database, cast.lena.id).email == "lena@example.com"


def link_of(outbox: Outbox, to: str) -> str:
    found = re.search(r"https?://[^/\s]+(/settings/email/\S+)", outbox.emails(to)[-1]["text"])
    assert found is not None
    return found[1]


def test_asking_too_often_is_refused(client: FlaskClient, cast: Cast, outbox: Outbox, clock: Clock) -> None:
    cast.sign_in(client, "lena")
    codes = [post(client, "/settings/email", {"email": f"l{n}@example.com"}).status_code for n in range(7)]
    assert codes == [303] * 6 + [429], "for one person"
    cast.sign_in(client, "otto")
    typed = [f"stranger+{n}@example.com" for n in range(4)]
    codes = [post(client, "/settings/email", {"email": each}).status_code for each in typed]
    cast.sign_in(client, "mira")
    codes += [post(client, "/settings/email", {"email": each}).status_code for each in typed]
    assert codes == [303] * 6 + [429] * 2, "to one mailbox"
    assert len(outbox.emails("stranger+3@example.com")) == 1


def test_what_was_typed_is_in_no_event(client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    cast.sign_in(client, "lena")
    asked(client, outbox, "mistyped@example.com")
    assert history(database, cast.lena.id)[0] == ("person.address_asked", {})


def test_a_link_that_waits_is_not_sent_once_it_is_void(cast: Cast, database: Database, outbox: Outbox) -> None:
    with database.write() as db:
        lena = db.get_one(Person, cast.lena.id)
        addresses.ask(db, lena, "lena@third.example.com", by=cast.actor("lena"), now=now())
        addresses.change(db, lena, NEW, followers=FOLLOWERS, by=COMMAND_LINE, now=now())
    rows = outbox.deliver_all()
    assert [row.state for row in rows if row.secret] == [DROPPED]
    assert {row.state for row in rows if not row.secret} == {"sent"}


def test_a_password_set_meanwhile_ends_it_at_the_last_moment(cast: Cast, database: Database) -> None:
    def set_it_first(db: Db, person_id: int, _email: str, **_: object) -> None:
        people.change_password(db, person_id, 0, "x", how="changed", by=cast.actor("lena"), now=now())

    def change() -> None:
        with database.write() as db:
            lena = db.get_one(Person, cast.lena.id)
            by = cast.actor("lena")
            addresses.change(db, lena, NEW, followers=[set_it_first], epoch=0, by=by, now=now())

    with pytest.raises(Gone):
        change()
    assert stored(database, cast.lena.id).email == "lena@example.com"


def test_only_one_sign_in_is_kept(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    cast.sign_in(client.application.test_client(), "lena")
    with database.write() as db:
        first, second = db.scalars(select(SignIn.id).order_by(SignIn.id))
        sign_ins.keep(db, first, 5)
        found = dict(db.execute(select(SignIn.id, SignIn.session_epoch)).all())
    assert found == {first: 5, second: 0}
