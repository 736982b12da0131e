"""The people pages: who sees whom, inviting, roles, disabling; what another organization must not learn."""

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.actions import people
from app.accounts.models import Membership, Person
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict
from tests.accounts.browser import HTMX, confirm, post
from tests.cast import Cast
from tests.outgoing import Outbox


def membership(database: Database, person_id: int, role: str) -> int:
    with database.read() as db:
        found = select(Membership.id).where(Membership.person_id == person_id, Membership.role == role)
        return db.execute(found).scalar_one()


def invite(client: FlaskClient, place: object, **typed: str) -> int:
    form = {"name": "Vera Stone", "email": "vera@example.com", "role": "operator", "place": str(place), **typed}
    return post(client, "/people/invite", form).status_code


@pytest.mark.parametrize("who", ["ines", "lena", "otto", "aude", "ada", "nora"])
def test_only_administrators_see_them(client: FlaskClient, cast: Cast, who: str) -> None:
    cast.sign_in(client, who)
    pages = ("/people", "/people/invite", f"/people/{cast.lena.id}", "/organizations", "/keys", "/keys/new")
    assert {client.get(page).status_code for page in pages} == {403}
    assert post(client, f"/people/{cast.lena.id}/disable").status_code == 403


def test_staff_see_all_people(client: FlaskClient, cast: Cast) -> None:
    page = cast.sign_in(client, "hugo").get("/people").text
    assert all(person.name in page for person in cast.people.values())


def test_an_organization_sees_its_own(client: FlaskClient, cast: Cast) -> None:
    page = cast.sign_in(client, "adam").get("/people").text
    assert "Lena Ortiz" in page
    assert "Mira Haddad" in page
    for stranger in ("Lars Holm", "Ines Okafor", "Hugo Brandt", "Harbor Homes"):
        assert stranger not in page


def test_filters_narrow_the_list(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")

    def names(query: str) -> set[str]:
        page = client.get(f"/people?{query}").text
        table = page.partition('id="people"')[2].partition("</main>")[0]
        return {person.name for person in cast.people.values() if person.name in table}

    assert names("q=lena%40") == {"Lena Ortiz"}
    assert names("q=ORTIZ") == {"Lena Ortiz"}
    assert names("q=%25") == set()
    assert names("q=%E2%80%8Bl%C3%A9na%C2%A0ortiz") == {"Lena Ortiz"}
    assert names("role=scheduler") == {"Ines Okafor"}
    assert names(f"role=operator&organization={cast.harbor.id}") == {"Oona Byrne"}
    assert "No matching people" in client.get("/people?q=zzz").text
    for odd in ("q=%00", "q=%ED%A0%80", "organization=99999999999999", "organization=x", "role=king"):
        assert client.get(f"/people?{odd}").status_code == 200


def test_the_list_is_also_a_fragment(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    aimed = {**HTMX, "HX-Target": "div#people"}
    part = client.get("/people?q=ortiz", headers=aimed).text
    assert part.lstrip().startswith('<div id="people"')
    assert part.strip() in client.get("/people?q=ortiz").text


def test_invisible_people_answer_like_unknown_ones(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    for verb in ("", "/disable", "/enable", "/invite", "/roles", "/roles/1/take"):
        answers = set()
        for person in (cast.lars.id, cast.hugo.id, 987654):
            url = f"/people/{person}{verb}"
            form = {"role": "operator", "place": str(cast.marston.id)}
            answer = post(client, url, form) if verb else client.get(url)
            answers.add((answer.status_code, "There is no such person." in answer.text))
        assert answers == {(404, True)}, verb
        far = f"/people/{2**70}{verb}"  # no address of ours
        assert (post(client, far, form) if verb else client.get(far)).status_code == 404


def test_inviting_a_new_person(client: FlaskClient, cast: Cast, outbox: Outbox, database: Database) -> None:
    cast.sign_in(client, "adam")
    assert invite(client, cast.marston.id) == 303
    with database.read() as db:
        vera = db.scalars(select(Person).where(Person.email == "vera@example.com")).one()
        places = db.scalars(select(Membership).where(Membership.person_id == vera.id)).all()
        (event,) = timeline(db, "person", vera.id)
    assert [(each.role, each.organization_id) for each in places] == [("operator", cast.marston.id)]
    assert (event.kind, event.actor_name, event.data) == ("person.invited", "Adam Reyes", {"role": "operator"})
    assert len(outbox.emails("vera@example.com")) == 1
    assert "Invited" in client.get(f"/people/{vera.id}").text


@pytest.mark.parametrize("who", ["hugo", "adam"])
def test_an_account_that_is_disabled_is_sent_no_link_that_leads_nowhere(
    client: FlaskClient, cast: Cast, outbox: Outbox, database: Database, who: str
) -> None:
    """Whoever sees all accounts reads that it is disabled; to others it is an address like any other."""
    with database.write() as db:
        people.disable(db, db.get_one(Person, cast.lars.id), by=cast.actor("hugo"), now=now())
    cast.sign_in(client, who)
    assert invite(client, cast.marston.id, email=cast.lars.email, name="Lars") == 303
    assert outbox.emails(cast.lars.email) == []
    assert membership(database, cast.lars.id, "operator")
    page = client.get(f"/people/{cast.lars.id}" if who == "hugo" else "/people/invite").text
    assert ("The account is disabled, so nothing was sent" in page) == (who == "hugo")
    assert (f"An invitation to {cast.lars.email} is on its way." in page) == (who == "adam")


def test_a_fresh_invitation(client: FlaskClient, cast: Cast, outbox: Outbox, database: Database) -> None:
    cast.sign_in(client, "adam")
    invite(client, cast.marston.id)
    with database.read() as db:
        vera = db.execute(select(Person.id).where(Person.email == "vera@example.com")).scalar_one()
    assert post(client, f"/people/{vera}/invite").status_code == 303
    assert len(outbox.emails("vera@example.com")) == 2
    answer = post(client, f"/people/{cast.lena.id}/invite")
    assert answer.status_code == 409
    assert "has already accepted the invitation" in answer.text


def test_inviting_a_person_of_another_organization(client: FlaskClient, cast: Cast, outbox: Outbox) -> None:
    cast.sign_in(client, "adam")
    assert invite(client, cast.marston.id, email="lars@example.com") == 303
    (message,) = outbox.emails("lars@example.com")
    assert message["subject"] == "You are now inspection operator for Marston & Vale"
    page = client.get(f"/people/{cast.lars.id}").text
    assert "Lars Holm" in page
    assert "Harbor Homes" not in page
    disabled = confirm(client, f"/people/{cast.lars.id}/disable")
    assert disabled.status_code == 403
    assert "only a staff administrator may do this" in disabled.text
    assert disabled.status_code == post(client, f"/people/{cast.lars.id}/enable").status_code


def test_the_answer_is_the_same_for_known_and_unknown_addresses(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    answers = []
    for typed in ("vera@example.com", "LARS@example.com"):
        form = {"name": "Somebody", "email": typed, "role": "operator", "place": str(cast.marston.id)}
        answer = post(client, "/people/invite", form)
        page = client.get(answer.location).text
        assert f"An invitation to {typed} is on its way." in page
        assert "Lars" not in page.replace("LARS", "")
        answers.append((answer.status_code, answer.location))
    assert answers[0] == answers[1]
    refused = post(client, "/people/invite", {**form, "email": "lena@example.com", "role": "leasing_agent"})
    assert refused.status_code == 409
    assert "Lena Ortiz" not in refused.text


def test_inviting_twice(client: FlaskClient, cast: Cast, outbox: Outbox) -> None:
    cast.sign_in(client, "adam")
    assert invite(client, cast.marston.id, email="otto@example.com") == 409
    assert outbox.rows() == []


@pytest.mark.parametrize(
    "typed",
    [{"name": ""}, {"name": "x" * 201}, {"name": "a\x00b"}, {"email": "nobody"}, {"role": "king"}, {"place": "all"}],
)
def test_bad_invitations_are_refused(
    client: FlaskClient, cast: Cast, typed: dict[str, str], database: Database
) -> None:
    cast.sign_in(client, "adam")
    form = {"place": cast.marston.id, **typed}
    assert invite(client, **form) == 422
    with database.read() as db:
        assert db.scalars(select(Person).where(Person.email == "vera@example.com")).all() == []


def test_an_organization_gives_roles_only_in_itself(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    assert invite(client, cast.harbor.id) == 422
    assert invite(client, cast.marston.id, role="scheduler") == 422
    cast.sign_in(client, "hugo")
    assert invite(client, "all", role="scheduler") == 303


def test_giving_and_taking_roles(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "adam")
    given = post(client, f"/people/{cast.lena.id}/roles", {"role": "operator", "place": str(cast.marston.id)})
    assert given.status_code == 303
    again = post(client, f"/people/{cast.lena.id}/roles", {"role": "operator", "place": str(cast.marston.id)})
    assert again.status_code == 409
    assert "already inspection operator for Marston &amp; Vale" in again.text
    memberships = membership(database, cast.lena.id, "operator")
    assert post(client, f"/people/{cast.lena.id}/roles/{memberships}/take").status_code == 303
    assert post(client, f"/people/{cast.lena.id}/roles/{memberships}/take").status_code == 404
    other = membership(database, cast.otto.id, "operator")
    assert post(client, f"/people/{cast.lena.id}/roles/{other}/take").status_code == 404
    with database.read() as db:
        taken, gained, *_ = timeline(db, "person", cast.lena.id)
    without, both = {"roles": ["leasing_agent"]}, {"roles": ["leasing_agent", "operator"]}
    assert gained.data == {"role": "operator", "before": without, "after": both}
    assert taken.data == {"role": "operator", "before": both, "after": without}


def test_administrators_cannot_remove_their_own_role_or_disable_themselves(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    cast.sign_in(client, "adam")
    memberships = membership(database, cast.adam.id, "admin")
    assert post(client, f"/people/{cast.adam.id}/roles/{memberships}/take").status_code == 409
    assert post(client, f"/people/{cast.adam.id}/disable").status_code == 409
    assert "You cannot disable your own account." in client.get(f"/people/{cast.adam.id}").text


def test_disabling_ends_everything_at_once(app: Flask, client: FlaskClient, cast: Cast, database: Database) -> None:
    lena = cast.sign_in(app.test_client(), "lena")
    assert lena.get("/settings").status_code == 200
    cast.sign_in(client, "adam")
    assert confirm(client, f"/people/{cast.lena.id}/disable").status_code == 303
    assert lena.get("/settings").status_code == 303
    assert post(client, f"/people/{cast.lena.id}/disable").status_code == 409
    assert post(client, f"/people/{cast.lena.id}/enable").status_code == 303
    assert post(client, f"/people/{cast.lena.id}/enable").status_code == 409
    assert lena.get("/settings").status_code == 303
    with database.read() as db:
        enabled, disabled, *_ = timeline(db, "person", cast.lena.id)
    assert (enabled.kind, disabled.kind) == ("person.enabled", "person.disabled")
    assert disabled.data == {"before": {"disabled": False}, "after": {"disabled": True}}
    assert enabled.data == {"before": {"disabled": True}, "after": {"disabled": False}}


def test_events_of_other_organizations_are_not_shown(client: FlaskClient, cast: Cast, database: Database) -> None:
    with database.write() as db:
        lars = db.get_one(Person, cast.lars.id)
        people.give_role(db, lars, "auditor", cast.harbor, by=cast.actor("abel"), now=now())
        people.give_role(db, lars, "auditor", cast.marston, by=cast.actor("adam"), now=now())
    assert "Abel Costa" not in cast.sign_in(client, "adam").get(f"/people/{cast.lars.id}").text
    assert "Abel Costa" in cast.sign_in(client, "hugo").get(f"/people/{cast.lars.id}").text


def test_what_somebody_does_elsewhere_is_not_shown_nor_taken(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    with database.write() as db:
        db.add(Membership(person_id=cast.oona.id, organization_id=cast.marston.id, role="auditor"))
    adam, page = cast.sign_in(client, "adam"), f"/people/{cast.oona.id}"
    for path, shown in (
        ("/people", True),
        ("/people?role=auditor", True),
        ("/people?role=operator", False),
        (f"/people?role=operator&organization={cast.harbor.id}", False),
    ):
        assert ("Oona Byrne" in adam.get(path).text) is shown, path
    row = adam.get("/people?role=auditor").text.partition("Oona Byrne")[2].partition("</tr>")[0]
    assert ("Auditor" in row, "operator" in row.lower()) == (True, False)
    assert "Harbor Homes" not in adam.get(page).text
    assert "This account also works elsewhere" in adam.get(page).text
    for act in ("disable", "enable"):
        assert post(adam, f"{page}/{act}").status_code == 403, act
    theirs, ours = (membership(database, cast.oona.id, role) for role in ("operator", "auditor"))
    assert post(adam, f"{page}/roles/{theirs}/take").status_code == 404
    assert post(adam, f"{page}/roles/{ours}/take").status_code == 303
    assert adam.get(page).status_code == 404
    assert confirm(cast.sign_in(client, "hugo"), f"{page}/disable").status_code == 303, "staff may, wherever they work"


def test_two_invitations_at_once_make_one_person(database: Database, cast: Cast) -> None:
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def press() -> None:
        gate.wait()
        try:
            with database.write() as db:
                people.invite(
                    db,
                    email="vera@example.com",
                    name="Vera Stone",
                    role="operator",
                    organization=cast.marston,
                    by=cast.actor("adam"),
                    now=now(),
                )
            outcomes.append("made")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]
    with database.read() as db:
        assert len(db.scalars(select(Person).where(Person.email == "vera@example.com")).all()) == 1


def test_hostile_names_are_text(client: FlaskClient, cast: Cast, outbox: Outbox) -> None:
    cast.sign_in(client, "adam")
    name = "<script>alert(1)</script> {{ 7*7 }}"
    assert invite(client, cast.marston.id, name=name) == 303
    assert "<script>alert" not in client.get("/people?q=vera").text
    (message,) = outbox.emails("vera@example.com")
    assert "<script>" not in message["html"]
    assert name in message["text"]
