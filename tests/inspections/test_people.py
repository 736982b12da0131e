"""The chain says who was let in and who acted, and what is personal stands beside it, in records that can go."""

import json
import uuid

import pytest
from cryptography.x509 import Certificate
from sqlalchemy import text

from app.inspections import bundle, queries, verification
from app.inspections.verification import Result
from app.kernel.crypto import sha256
from tests.inspections import pages
from tests.inspections.conftest import PHONE, wrong
from tests.inspections.test_chain import run, unpack

ROOTS: tuple[Certificate, ...] = ()
ALEX = {"recipient_first_name": "Alex", "recipient_last_name": "Policyholder", "recipient_email": "alex@example.com"}


def chained(database, session):
    """Kinds and payloads of the chain."""
    with database.read() as db:
        return [(link.kind, json.loads(link.payload)) for link in queries.links(db, uuid.UUID(session["id"]))]


def records(database, session):
    with database.read() as db:
        return queries.personal_records(db, uuid.UUID(session["id"]))


def verdict(database, session):
    id = uuid.UUID(session["id"])
    with database.read() as db:
        links, people = queries.links(db, id), queries.personal_records(db, id)
        head = queries.get(db, id).chain_head
    return verification.verify(session["id"], links, [], ROOTS, length=len(links), head=head, people=people)


@pytest.fixture
def let_in(integrator, field):
    session = integrator.create()
    invite = integrator.invite(session, **ALEX)
    assert field.join(invite, invite["otp_code"], address="203.0.113.77").status_code == 200
    return session


def test_who_is_let_in_by_which_link_and_code_and_what_is_personal_is_not_in_the_chain(let_in, database) -> None:
    chain = dict(chained(database, let_in))
    kept = {digest: json.loads(content) for digest, content in records(database, let_in).items()}
    minted, joined = chain["invite.minted"], chain["participant.joined"]
    assert (minted["link"], minted["code"], joined["link"], joined["code"]) == (1, 1, 1, 1)
    assert kept[minted["record"]]["email"] == "alex@example.com"
    assert (kept[joined["record"]]["network"], kept[joined["record"]]["agent"]) == ("203.0.113.0/24", PHONE)
    assert {len(each["random"]) for each in kept.values()} == {32}
    written = json.dumps(chained(database, let_in))
    assert not any(word in written for word in ("Alex", "alex@", "203.0.113", "iPhone"))


def test_the_chain_has_every_step_of_an_invite(integrator, field, database) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **ALEX)
    path = f"/api/v1/public/sessions/{session['id']}/participants/{invite['id']}"
    renewed = integrator.post(f"{path}/new_code").json
    for step in range(1, 6):
        field.join(invite, wrong(renewed, step))
    integrator.post(f"{path}/reissue")
    integrator.post(f"{path}/revoke")
    found = chained(database, session)
    steps = [(kind, payload["link"], payload["code"]) for kind, payload in found[1:]]
    assert steps == [
        ("invite.minted", 1, 1),
        ("code.renewed", 1, 2),
        ("invite.locked", 1, 2),
        ("invite.reissued", 2, 3),
        ("invite.revoked", 2, 3),
    ]
    assert all(payload["by"]["account"] for kind, payload in found if kind != "invite.locked")


def test_an_operator_is_in_before_anything_they_do(let_in, otto, mira, cast, database) -> None:
    pages.consent(database, let_in)
    pages.send(otto, let_in, "start_recording")
    pages.send(mira, let_in, "add_remark", text="dry")
    pages.send(otto, let_in, "stop_recording")
    acts = [(kind, payload) for kind, payload in chained(database, let_in)[-5:]]
    assert [kind for kind, _ in acts] == [
        "operator.joined",
        "recording.started",
        "operator.joined",
        "remark.added",
        "recording.stopped",
    ]
    names = [(payload.get("operator") or payload["by"])["name"] for _, payload in acts]
    assert names == [cast.actor(who).name for who in ("otto", "otto", "mira", "mira", "otto")]
    assert acts[0][1]["operator"]["account"] == cast.actor("otto").id


def test_an_erased_record_leaves_the_chain_whole_and_a_changed_one_is_broken(let_in, otto, database, tmp_path) -> None:
    def bundled(name):
        zipped = otto.get(f"/inspections/{let_in['id']}/chain.zip").data
        assert (
            bundle.read(zipped).people.keys()
            == {digest for digest, content in records(database, let_in).items() if content is not None}
            or name == "changed"
        )
        return run(unpack(zipped, tmp_path / name))

    digest = dict(chained(database, let_in))["participant.joined"]["record"]
    assert "Personal records agree: 2 of the 2" in bundled("whole").stdout
    with database.write() as db:
        db.execute(text("UPDATE personal_records SET content = NULL WHERE sha256 = :d"), {"d": digest})
    assert verdict(database, let_in).result == Result.NOT_PROVEN
    erased = bundled("erased")
    assert (erased.returncode, "Personal records agree: 1 of the 2" in erased.stdout) == (2, True), erased
    with database.write() as db:
        db.execute(text("UPDATE personal_records SET content = :c WHERE sha256 = :d"), {"c": '{"a":"b"}', "d": digest})
    assert sha256('{"a":"b"}') != digest
    assert verdict(database, let_in).result == Result.BROKEN
    assert "was changed" in verdict(database, let_in).fault
    changed = bundled("changed")
    assert (changed.returncode, "personal record" in changed.stdout) == (1, True), changed
