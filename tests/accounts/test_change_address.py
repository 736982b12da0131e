"""Staff give somebody's account another e-mail address; all that the person did and has stays theirs."""

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from app.accounts.actions import addresses, people
from app.accounts.models import Person, SignIn
from app.depositions.actions import roster
from app.depositions.models import Manager
from app.desks import FOLLOWERS
from app.inspections.models import Inspection
from app.inspections.queries.operators import Operator, in_charge
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Conflict
from app.prescreens.queries import recipients
from tests.accounts.addresses import NEW, plain, stored
from tests.accounts.browser import HTMX, post, sign_in
from tests.accounts.test_password import link_in
from tests.cast import COMMAND_LINE, Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.pages import at_once, presser


def give(client: FlaskClient, cast: Cast, email: str = NEW, called: str = "lena", version: int = 1) -> object:
    """The staff's form for another address, and the button of its confirmation."""
    url = f"/people/{cast.people[called].id}/email"
    return presser(client, url, preview=True, email=email, version=version)()


@pytest.mark.parametrize("typed", ["", "lena", "a b@example.com", "x" * 260 + "@example.com", " LENA@example.com"])
def test_what_is_no_other_address_is_refused(client: FlaskClient, cast: Cast, outbox: Outbox, typed: str) -> None:
    cast.sign_in(client, "lena")
    assert post(client, "/settings/email", {"email": typed}, headers=HTMX).status_code == 422
    cast.sign_in(client, "hugo")
    answer = post(client, f"/people/{cast.lena.id}/email", {"email": typed, "version": 1, "step": "x"}, headers=HTMX)
    assert answer.status_code == 422
    assert outbox.rows() == []


def test_staff_give_one(app: Flask, client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    theirs = cast.sign_in(app.test_client(), "lena")
    cast.sign_in(client, "hugo")
    shown = post(client, f"/people/{cast.lena.id}/email", {"email": NEW, "version": 1, "step": "preview"})
    assert shown.status_code == 200
    words = plain(shown)
    assert f"lena@example.com → {NEW}" in words
    assert "1 browser will be signed out" in words
    assert stored(database, cast.lena.id).email == "lena@example.com"
    assert post(client, f"/people/{cast.lena.id}/email", {"email": NEW, "version": 1}).status_code == 409
    answer = give(client, cast)
    assert (answer.status_code, answer.location) == (303, f"/people/{cast.lena.id}")
    page = client.get(f"/people/{cast.lena.id}").text
    assert f"The address of Lena Ortiz is {NEW} now." in page
    assert f"email: lena@example.com → {NEW}" in page, "the timeline has both"
    assert theirs.get("/settings").status_code == 303
    (old,), (new,) = outbox.emails("lena@example.com"), outbox.emails(NEW)
    assert old["subject"] == "Your account no longer has this address"
    assert "Hugo Brandt gave your account" in old["text"]
    assert new["subject"] == "You sign in to Session Desk with this address now"
    assert sign_in(app.test_client(), NEW).location == "/"


@pytest.mark.parametrize(
    ("who", "status"),
    [("adam", 403), ("abel", 404), ("ines", 403), ("ada", 403), ("lena", 403), ("nora", 403)],
)
def test_who_may_not(client: FlaskClient, cast: Cast, database: Database, who: str, status: int) -> None:
    cast.sign_in(client, who)
    answer = post(client, f"/people/{cast.lena.id}/email", {"email": NEW, "version": 1, "step": "preview"})
    assert answer.status_code == status
    assert stored(database, cast.lena.id).email == "lena@example.com"
    if who == "adam":
        reason = "Only a staff administrator may do this. Everybody changes their own address in their settings."
        assert reason in plain(answer)
        assert reason in plain(client.get(f"/people/{cast.lena.id}"))


def test_staff_prove_their_own_by_a_link_too(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    answer = give(client, cast, called="hugo")
    assert (answer.status_code, "on your settings page" in answer.text) == (403, True)
    assert stored(database, cast.hugo.id).email == "hugo@example.com"


def test_staff_prove_who_they_are(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    with database.write() as db:
        db.execute(update(SignIn).values(proved_at=None))
    answer = post(client, f"/people/{cast.lena.id}/email", {"email": NEW, "version": 1, "step": "preview"})
    assert answer.location == f"/settings/proof?next=/people/{cast.lena.id}"


def test_given_twice(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    assert give(client, cast).status_code == 303
    again = give(client, cast, version=2)
    assert (again.status_code, "the address of the account already" in again.text) == (422, True)


def test_stale(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    assert give(client, cast).status_code == 303
    late = give(client, cast, "lena@third.example.com")
    assert (late.status_code, "was changed in another window" in late.text) == (409, True)
    assert stored(database, cast.lena.id).email == NEW


def test_of_two_at_once_one_gives_it(app: Flask, cast: Cast, database: Database) -> None:
    presses = []
    for email in (NEW, "lena@third.example.com"):
        browser = cast.sign_in(app.test_client(), "hugo")
        url = f"/people/{cast.lena.id}/email"
        presses.append(presser(browser, url, preview=True, email=email, version=1))
    assert sorted(each.status_code for each in at_once(presses)) == [303, 409]


def test_a_taken_one_is_refused(client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    with database.write() as db:
        facts = {"name": "Vera", "role": "operator", "organization": cast.marston, "by": COMMAND_LINE, "now": now()}
        people.invite(db, email="vera@example.com", **facts)
    cast.sign_in(client, "hugo")
    for email, why in (("Otto@example.com", "Another account has this"), ("vera@example.com", "open invitation")):
        answer = give(client, cast, email)
        assert (answer.status_code, why in answer.text) == (409, True)
    assert stored(database, cast.lena.id).email == "lena@example.com"
    assert outbox.emails("lena@example.com") == []


def test_of_two_people_at_once_one_gets_it(app: Flask, cast: Cast, database: Database) -> None:
    presses = []
    for called in ("lena", "otto"):
        browser = cast.sign_in(app.test_client(), "hugo")
        url = f"/people/{cast.people[called].id}/email"
        presses.append(presser(browser, url, preview=True, email="one@example.com", version=1))
    assert sorted(each.status_code for each in at_once(presses)) == [303, 409]
    with database.read() as db:
        assert len(db.scalars(select(Person).where(Person.email == "one@example.com")).all()) == 1


def test_whoever_takes_it_between_look_and_write_wins(cast: Cast, database: Database) -> None:
    """The unique index decides, and the refusal is the same."""

    def take_it_first(db: Db, _person_id: int, email: str, **_: object) -> None:
        db.execute(update(Person).where(Person.id == cast.otto.id).values(email=email))

    def change() -> None:
        with database.write() as db:
            lena = db.get_one(Person, cast.lena.id)
            addresses.change(db, lena, NEW, followers=[take_it_first], by=COMMAND_LINE, now=now())

    with pytest.raises(Conflict, match="Another account") as refusal:
        change()
    assert refusal.value.code == "person.address_taken"
    assert stored(database, cast.lena.id).email == "lena@example.com"


def test_who_has_not_accepted_gets_the_invitation_anew(
    client: FlaskClient, cast: Cast, database: Database, outbox: Outbox
) -> None:
    with database.write() as db:
        facts = {"name": "Vera", "role": "operator", "organization": cast.marston, "by": COMMAND_LINE, "now": now()}
        vera = people.invite(db, email="mistyped@example.com", **facts).id
    former = link_in(outbox.emails("mistyped@example.com")[-1]["text"])
    cast.sign_in(client, "hugo")
    answer = presser(client, f"/people/{vera}/email", preview=True, email="vera@example.com", version=1)()
    assert answer.status_code == 303
    assert outbox.emails("mistyped@example.com") == [], "the link that waited is dropped, and a stranger learns nothing"
    assert "Marston & Vale" in outbox.emails("vera@example.com")[-1]["text"]
    fresh = client.application.test_client()
    assert fresh.get(former).status_code == 410
    assert fresh.get(link_in(outbox.emails("vera@example.com")[-1]["text"])).status_code == 200


def test_a_disabled_account_is_changed_in_silence(
    client: FlaskClient, cast: Cast, database: Database, outbox: Outbox
) -> None:
    with database.write() as db:
        people.disable(db, db.get_one(Person, cast.lena.id), by=COMMAND_LINE, now=now())
    cast.sign_in(client, "hugo")
    assert give(client, cast).status_code == 303
    assert outbox.emails() == []
    assert stored(database, cast.lena.id).disabled_at is not None


def test_roles_factors_and_settings_stay(client: FlaskClient, cast: Cast, database: Database) -> None:
    def having() -> tuple[object, ...]:
        with database.read() as db:
            mira = db.get_one(Person, cast.mira.id)
            roles = [(each.role, each.organization_id) for each in mira.memberships]
            return mira.id, roles, mira.password_hash, mira.second_factor, mira.time_zone, mira.undo_seconds

    before = having()
    cast.sign_in(client, "hugo")
    assert give(client, cast, called="mira").status_code == 303
    assert having() == before


def test_the_former_address_is_free_again(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    give(client, cast)
    assert give(client, cast, "lena@example.com", called="otto").status_code == 303
    assert stored(database, cast.otto.id).email == "lena@example.com"
    assert stored(database, cast.lena.id).email == NEW


def test_it_is_changed_back(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    give(client, cast)
    assert give(client, cast, "lena@example.com", version=2).status_code == 303
    assert stored(database, cast.lena.id).email == "lena@example.com"


def test_followers_go_before_the_account(cast: Cast, database: Database) -> None:
    """Whoever changes a manager's row waits for the person last: the other way about two would wait for each other."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.extend(name for name in ("managers", "people") if statement.startswith(f"UPDATE {name}"))

    event.listen(database.writer, "before_cursor_execute", note)
    with database.write() as db:
        ines = db.get_one(Person, cast.ines.id)
        addresses.change(db, ines, "ines@new.example.com", followers=FOLLOWERS, by=COMMAND_LINE, now=now())
    event.remove(database.writer, "before_cursor_execute", note)
    assert seen == ["managers", "people"]


def test_an_address_of_the_roster_is_refused(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        roster.add_for_booking(db, "Ines, by another name", NEW, "UTC", by=COMMAND_LINE, now=now())
    cast.sign_in(client, "hugo")
    answer = give(client, cast, called="ines")
    assert (answer.status_code, "in the roster of managers" in answer.text) == (409, True)
    assert stored(database, cast.ines.id).email == "ines@example.com"
    with database.read() as db:
        assert db.get_one(Manager, cast.managers["ines"].id).email == "ines@example.com"


def test_what_they_made_stays_theirs_and_mails_about_it_find_them(
    app: Flask, client: FlaskClient, cast: Cast, database: Database
) -> None:
    key = cast.headers("inspections")
    cast.sign_in(client, "otto")
    form = {"organization": cast.marston.id, "notes": "Roof of Otto", "locale": "en", "campaign": ""}
    made = post(client, "/inspections/create", form).location
    assert post(client, f"{made}/unassign", {"version": 1}).status_code == 303
    staff = cast.sign_in(app.test_client(), "hugo")
    assert give(staff, cast, "otto@new.example.com", called="otto").status_code == 303
    assert give(staff, cast, "otto@example.com", called="mira").status_code == 303
    seen = {}
    for who in ("otto", "mira"):
        cast.sign_in(client, who)
        seen[who] = ("Roof of Otto" in client.get("/").text, "Roof of Otto" in client.get(OPERATED).text)
    assert seen == {"otto": (True, True), "mira": (False, False)}
    session = client.get(f"/api/v1/public/sessions/{made.rpartition('/')[2]}", headers=key).get_json()
    assert session["operator_email"] == "otto@example.com", "the wire says what was so"
    with database.read() as db:
        one = db.get_one(Inspection, UUID(session["id"]))
        assert in_charge(db, one) == Operator("otto@new.example.com", "Otto Kim")


OPERATED = "/inspections?operator=me&view=all"


def test_news_go_to_the_new_address(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    give(client, cast)
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(new_answers="now"))
    with database.read() as db:
        assert [each.email for each in recipients.of_new_answers(db, cast.marston.id)] == [NEW]
        found = recipients.agent(db, cast.lena.id)
    assert found is not None
    assert found[0].email == NEW


@pytest.mark.parametrize("accepted", [True, False])
def test_reading_what_is_sent_may_take_minutes(
    client: FlaskClient, cast: Cast, database: Database, clock: Clock, accepted: bool
) -> None:
    """The mails name the minute, and an invitation a link of that second."""
    if not accepted:
        with database.write() as db:
            db.execute(update(Person).where(Person.id == cast.lena.id).values(password_hash=None))
    cast.sign_in(client, "hugo")
    url = f"/people/{cast.lena.id}/email"
    press = presser(client, url, preview=True, email=NEW, version=1)
    clock.move(minutes=3)
    assert press().status_code == 303
