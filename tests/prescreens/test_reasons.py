"""Reasons of decisions: asked for on pages, not by the API, edited by leads, and in nothing that leaves."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.accounts.models import Person
from app.dashboard.undo.models import PendingDecision
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database
from app.kernel.errors import Invalid
from app.prescreens.actions._review import decision_fingerprint
from app.prescreens.actions.reasons import change_reasons
from app.prescreens.models import DecisionSnapshot
from app.prescreens.queries import reasons
from app.prescreens.rules import snapshots
from app.prescreens.rules.reasons import MOST_OFFERED, STANDARD, Grounds, Mirror, Reason, check_grounds, checked_list
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import at_once, csrf, one_wins, presser, text
from tests.prescreens.decisions import GROUNDS, REASON, decide, decide_in, last, sweep
from tests.prescreens.factories import prescreen, stored
from tests.prescreens.test_approve import token

URL = "/prescreens/reasons"
CRITERIA = {"budget": "at least 2,400", "pets": "cats only"}


@pytest.fixture
def at_once_final(database: Database, cast: Cast) -> None:
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(undo_seconds=0))


def check(verb: str, grounds: Grounds, not_met: tuple[str, ...] = (), mirror: Mirror | None = None) -> Grounds:
    return check_grounds(verb, grounds, offered=STANDARD, criteria=CRITERIA, not_met=not_met, mirror=mirror)


@pytest.mark.parametrize(
    ("reasons", "wrong"),
    [
        ((), "Say why"),
        ((Reason("Budget"),), "what “Budget” is about"),
        ((Reason("Budget", "nonsense"),), "criterion that there is not"),
        ((Reason("Shoes", "budget"),), "not in your list"),
        (tuple(Reason(each, "budget") for each in STANDARD[:4]), "at most 3"),
        ((Reason("Budget", "budget"), Reason("Budget", "pets")), "each once"),
        ((Reason("Budget", other="x" * 201),), "at most 200"),
    ],
)
def test_a_denial_needs_one_to_three_reasons_each_about_something(reasons: tuple[Reason, ...], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        check("deny", Grounds(reasons))
    assert wrong in refused.value.detail
    assert {error.field for error in refused.value.errors} == {"reason"}
    assert check("approve", Grounds(reasons)).reasons == (), "an approval keeps none"


def test_going_against_criteria_or_four_of_five_is_asked_why() -> None:
    given = (Reason("Pets", "pets"), Reason("Budget", other="cash only"))
    assert check("deny", Grounds(given), ("Budget",)).reasons == given
    with pytest.raises(Invalid, match="Say why you approve nevertheless: Budget is not met"):
        check("approve", Grounds(), ("Budget",))
    assert check("approve", Grounds(why="Has a guarantor"), ("Budget",)).why == "Has a guarantor"
    for verb, mirror, asked in (
        ("deny", Mirror(4, 1), True),
        ("deny", Mirror(4, 0), False),
        ("deny", Mirror(7, 3), False),
        ("approve", Mirror(4, 1), False),
        ("approve", Mirror(1, 4), True),
    ):
        if asked:
            with pytest.raises(Invalid, match="what is different here: 4 of 5"):
                check(verb, Grounds(given), (), mirror)
        else:
            check(verb, Grounds(given), (), mirror)


@pytest.mark.usefixtures("at_once_final")
def test_a_denial_by_page_says_why_and_one_by_api_does_not(client: FlaskClient, database: Database, cast: Cast) -> None:
    by_page, by_api = (prescreen(database, cast.marston.id) for _ in range(2))
    lena = cast.sign_in(client, "lena")
    fields = token(lena, f"/prescreens/{by_page}", "deny")
    url = f"/prescreens/{by_page}/deny"
    refused = lena.post(url, data=fields)
    assert (refused.status_code, "Say why" in text(refused)) == (422, True)
    assert lena.post(url, data={**fields, "reason": "Budget", "about:Budget": ":else"}).status_code == 422
    assert stored(database, by_page).review_status == "pending_review"
    other = {"reason": ["Budget", "Pets"], "about:Budget": "budget", "about:Pets": ":else", "other:Pets": "Two snakes"}
    assert lena.post(url, data={**fields, **other}).status_code == 303
    page = text(lena.get(f"/prescreens/{by_page}"))
    assert all(shown in page for shown in ("Two snakes", "Monthly budget", "What it was decided upon"))
    done = client.patch(
        f"/api/v1/sessions/{by_api}/review", json={"reviewStatus": "denied"}, headers=cast.headers("prescreens")
    )
    assert done.status_code == 200
    assert "Decided by API, which gives no reasons." in text(lena.get(f"/prescreens/{by_api}"))
    with database.read() as db:
        page_row, api_row = (reasons.snapshot(db, id) for id in (by_page, by_api))
    assert page_row is not None
    assert api_row is not None
    assert [(each["text"], each["criterion"], each["other"]) for each in page_row.reasons] == [
        ("Budget", "budget", ""),
        ("Pets", "", "Two snakes"),
    ]
    assert (page_row.via, page_row.person_id, page_row.met) == ("page", cast.lena.id, {"budget": True})
    assert (api_row.via, api_row.person_id, api_row.reasons, api_row.seen_at) == ("api", None, [], None)
    assert page_row.answers_hash == api_row.answers_hash
    assert page_row.criteria_hash == api_row.criteria_hash
    assert page_row.version == api_row.version == stored(database, by_page).version - 1


def test_what_is_said_outlasts_the_undo_window_and_comes_back_after_an_undo(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    fields = token(lena, f"/prescreens/{id}", "deny")
    given = {"reason": "Pets", "about:Pets": ":else", "other:Pets": "Two snakes"}
    assert lena.post(f"/prescreens/{id}/deny", data={**fields, **given}).status_code == 303
    assert lena.post(f"/holds/{last(database, id).id}/undo", data={"csrf_token": csrf(lena)}).status_code == 303
    page = text(lena.get(f"/prescreens/{id}"))
    assert 'value="Pets" checked' in page
    assert 'value="Two snakes"' in page
    assert "Two snakes" in str(last(database, id).payload)
    decision = decide(database, cast, id, "deny")
    sweep(database, decision.final_at)
    with database.read() as db:
        kept = reasons.snapshot(db, id)
    assert kept is not None
    assert [Reason.read(each) for each in kept.reasons] == list(GROUNDS.reasons)
    with database.read() as db:
        payloads = list(db.scalars(select(PendingDecision.payload)))
    assert [list(payload) for payload in payloads] == [["hash"], ["hash"]], "what was typed is written, or gone"
    assert (kept.pressed_at, kept.decided_at) == (decision.pressed_at, decision.final_at)


@pytest.mark.usefixtures("at_once_final")
def test_fifty_at_once_half_by_api_leave_one_decision_one_email_one_snapshot(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id)
    emails = len(outbox.emails("jane@example.com"))
    fields = {**token(cast.sign_in(client, "lena"), f"/prescreens/{id}", "deny"), **REASON}
    del fields["csrf_token"]
    url, wire, headers = f"/prescreens/{id}/deny", f"/api/v1/sessions/{id}/review", cast.headers("prescreens")
    pages = [presser(cast.sign_in(client, "lena"), url, **fields) for _ in range(25)]

    def by_api() -> Any:
        return client.application.test_client().patch(wire, json={"reviewStatus": "approved"}, headers=headers)

    answers = at_once([*pages, *[by_api] * 25])
    assert sorted(answer.status_code for answer in answers)[1:] == [409] * 49
    assert [a.status_code for a in answers if a.status_code != 409] in ([200], [303])
    assert len(outbox.emails("jane@example.com")) == emails + 1
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(DecisionSnapshot)) == 1
        assert db.scalar(select(func.count()).select_from(Event).where(Event.kind.in_(DECIDED))) == 1


DECIDED = ("prescreen.approved", "prescreen.denied")
CANARY = "zebrafinch"


@pytest.mark.usefixtures("at_once_final")
def test_reasons_are_in_nothing_that_leaves(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id, given={"budget": "1200"})
    leda = cast.sign_in(client, "leda")
    listed = {"csrf_token": csrf(leda), "version": "0", "reasons": f"Budget\n{CANARY} list"}
    assert leda.post(f"{URL}/{cast.marston.id}", data=listed).status_code == 303
    lena = cast.sign_in(client, "lena")
    explained = {
        "reason": f"{CANARY} list",
        f"about:{CANARY} list": ":else",
        f"other:{CANARY} list": f"{CANARY} other",
        "why": f"{CANARY} why",
        "notes": f"{CANARY} notes",
    }
    fields = token(lena, f"/prescreens/{id}", "deny")
    assert lena.post(f"/prescreens/{id}/deny", data={**fields, **explained}).status_code == 303
    left = [str(outbox.rows()), str(outbox.emails())]
    with database.read() as db:
        kept = reasons.snapshot(db, id)
        assert kept is not None
        assert (kept.why, kept.reasons[0]["other"]) == (f"{CANARY} why", f"{CANARY} other")
        left.append(str([event.data for event in db.scalars(select(Event).where(Event.subject_type == "prescreen"))]))
    assert not [each for each in left if CANARY in each]
    headers = cast.headers("prescreens")
    for path in (f"/api/v1/sessions/{id}", "/api/v1/sessions"):
        answer = client.get(path, headers=headers).get_data(as_text=True)
        assert answer.count(CANARY) == answer.count(f"{CANARY} notes"), "the API's own notes, and nothing else"
    mail = outbox.emails("jane@example.com")[0]
    status = re.search(r"/p/marston/\S+", mail["text"])
    assert status
    for path in (status[0], "/p/marston/two-bedroom"):
        assert CANARY not in text(client.application.test_client().get(path))


def test_leads_and_admins_edit_the_list_and_others_look(client: FlaskClient, database: Database, cast: Cast) -> None:
    home = cast.marston.id
    for who, status in (("lena", 403), ("aude", 403), ("lars", 404), ("ines", 403)):
        other = cast.sign_in(client, who)
        data = {"csrf_token": csrf(other), "version": "0", "reasons": "None"}
        assert other.post(f"{URL}/{home}", data=data).status_code == status, who
    assert "Only leasing leads" in text(cast.sign_in(client, "lena").get(URL))
    adam = cast.sign_in(client, "adam")
    assert "Proof of income" in text(adam.get(URL))
    data = {"csrf_token": csrf(adam), "version": "0", "reasons": " Budget \n\nToo noisy\n"}
    assert adam.post(f"{URL}/{home}", data={**data, "reasons": " \n "}).status_code == 422
    assert adam.post(f"{URL}/{home}", data=data).status_code == 303
    assert adam.post(f"{URL}/{home}", data={**data, "reasons": "Other"}).status_code == 409, "changed since"
    with database.read() as db:
        assert reasons.offered(db, home).reasons == ("Budget", "Too noisy")
        assert reasons.offered(db, cast.harbor.id).reasons == STANDARD
        (event,) = db.scalars(select(Event).where(Event.kind == "denial_reasons.changed"))
    assert event.data == {"before": list(STANDARD), "after": ["Budget", "Too noisy"]}
    page = text(cast.sign_in(client, "lena").get(f"/prescreens/{prescreen(database, home)}"))
    assert "Too noisy" in page
    assert "Proof of income" not in page


def test_two_who_change_the_list_at_once(client: FlaskClient, cast: Cast) -> None:
    url = f"{URL}/{cast.marston.id}"
    lists = (f"Budget\nMine {n}" for n in range(4))
    one_wins(at_once([presser(cast.sign_in(client, "leda"), url, version="0", reasons=each) for each in lists]))


@pytest.mark.parametrize(
    "lines",
    [[], ["  ", "\u200b"], ["Pets", "PETS"], ["x" * 81], [f"Reason {n}" for n in range(MOST_OFFERED + 1)]],
)
def test_a_list_that_cannot_be(lines: list[str]) -> None:
    with pytest.raises(Invalid):
        checked_list(lines)


def test_a_snapshot_has_the_fingerprint_of_the_e_mail_that_was_confirmed(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    with database.write() as db:
        confirmed = {verb: decision_fingerprint(db, stored(database, id), verb) for verb in ("approve", "deny")}
        decide_in(db, cast, id, "approve", seconds=0)
    with database.read() as db:
        snapshot = reasons.snapshot(db, id)
    assert snapshot is not None
    assert snapshot.email_hash == confirmed["approve"] != confirmed["deny"]


def test_a_digest_is_that_of_sorted_keys_and_no_white_space() -> None:
    """PostgreSQL and SQLite keep keys in the order in which they were written; who computes it again may not."""
    assert snapshots.digest({"b": [1, {"d": "é", "c": None}], "a": True}) == sha256(
        '{"a":true,"b":[1,{"c":null,"d":"é"}]}'
    )


def test_the_same_list_again_changes_nothing(database: Database, cast: Cast) -> None:
    with database.write() as db:
        at = {"revision": None, "by": cast.actor("leda"), "now": now()}
        assert change_reasons(db, cast.harbor.id, ["Theirs"], **at) is True
        assert change_reasons(db, cast.marston.id, STANDARD, **at) is False
        assert change_reasons(db, cast.marston.id, ["Budget"], **at) is True
        assert change_reasons(db, cast.marston.id, [" Budget "], **at) is False
        assert reasons.offered(db, cast.marston.id).revision == 1
        assert reasons.offered(db, cast.harbor.id).reasons == ("Theirs",)
        assert reasons.offered(db, cast.harbor.id).revision == 1
    with database.read() as db:
        changed = select(Event.data).where(Event.kind == "denial_reasons.changed")
        found = db.scalars(changed.where(Event.organization_id == cast.marston.id)).all()
    assert found == [{"before": list(STANDARD), "after": ["Budget"]}]
