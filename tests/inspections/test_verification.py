"""What a record proves: every kind of tampering is broken or not proven, in the program and by the bundle's script."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificates
from sqlalchemy import text

from app.inspections import anchors, bundle, chain, verification
from app.inspections.bundle import Shipped
from app.inspections.verification import EXIT_CODES, Result
from tests.history import rewriting
from tests.inspections.authority import Authority
from tests.inspections.test_chain import MOMENT, run, unpack

SESSION = "0c8f4d2e-1a3b-4c5d-9e7f-1234567890ab"
OTHER = "1c8f4d2e-1a3b-4c5d-9e7f-1234567890ab"


def chained(session: str, *remarks: str) -> list[chain.Link]:
    """A chain of a session that has ended."""
    events = [("session.created", {"session": session, "organization": "x"})]
    events += [("remark.added", {"text": each, "by": "Otto"}) for each in remarks]
    events.append(("session.ended", {"session": session, "by": "Otto"}))
    links, head = [], chain.GENESIS
    for number, (kind, payload) in enumerate(events):
        links.append(chain.seal(number, head, kind, payload, MOMENT + timedelta(seconds=number)))
        head = links[-1].hash
    return links


TRUE, FORGED = chained(SESSION, "dry", "wall", "seen"), chained(SESSION, "wet", "wall", "seen")


def statement(links: list[chain.Link], session: str = SESSION) -> bytes:
    return chain.statement(session, links[-1].hash, len(links))


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Authority, Authority]]:
    """The authority that the reader trusts, and a stranger's."""
    made = [Authority(tmp_path_factory.mktemp(name)) for name in ("authority", "stranger")]
    servers = [each.serve() for each in made]
    yield made[0], made[1]
    for server in servers:
        server.shutdown()
        server.server_close()


class Forge:
    """A true record, its stamp, and a stranger's authority, for whoever tampers."""

    def __init__(self, ours: Authority, strange: Authority) -> None:
        self.ours, self.strange = ours, strange
        self.stamp = self.stamped(statement(TRUE))

    def stamped(self, what: bytes, strange: bool = False) -> Shipped:
        authority = self.strange if strange else self.ours
        reply = anchors.ask(authority.url, what, (), datetime.now(UTC)).reply
        return Shipped(anchors.name_of(authority.url), what.decode(), reply)


@pytest.fixture(scope="module")
def forge(authorities: tuple[Authority, Authority]) -> Forge:
    return Forge(*authorities)


Record = tuple[list[chain.Link], list[Shipped]]
ADDED = [*TRUE, chain.seal(len(TRUE), TRUE[-1].hash, "remark.added", {"text": "late", "by": "Eve"}, MOMENT)]
TAMPERED: dict[str, tuple[Callable[[Forge], Record], Result]] = {
    "nothing": (lambda f: (TRUE, [f.stamp]), Result.PROVEN),
    "flip": (
        lambda f: ([TRUE[0], replace(TRUE[1], payload='{"by":"Otto","text":"wet"}'), *TRUE[2:]], [f.stamp]),
        Result.BROKEN,
    ),
    "drop the tail": (lambda f: (TRUE[:-1], [f.stamp]), Result.BROKEN),
    "drop from the middle": (lambda f: ([*TRUE[:2], *TRUE[3:]], [f.stamp]), Result.BROKEN),
    "swap": (lambda f: ([TRUE[0], TRUE[2], TRUE[1], *TRUE[3:]], [f.stamp]), Result.BROKEN),
    "hash all anew": (lambda f: (FORGED, [f.stamp]), Result.BROKEN),
    "add after the end": (lambda f: (ADDED, [f.stamp]), Result.BROKEN),
    "another session's stamp": (
        lambda f: (TRUE, [f.stamped(statement(chained(OTHER, "dry"), OTHER))]),
        Result.BROKEN,
    ),
    "another session's record": (lambda f: (TRUE, [f.stamped(statement(TRUE, OTHER))]), Result.BROKEN),
    "the stamp removed": (lambda f: (TRUE, [replace(f.stamp, reply=None)]), Result.NOT_PROVEN),
    "no authority": (lambda f: (TRUE, []), Result.NOT_PROVEN),
    "the statement made anew": (
        lambda f: (FORGED, [replace(f.stamp, statement=statement(FORGED).decode())]),
        Result.BROKEN,
    ),
    "the answer replaced by garbage": (lambda f: (TRUE, [replace(f.stamp, reply=b"garbage")]), Result.BROKEN),
    "the certificate swapped": (lambda f: (TRUE, [certificate_swapped(f)]), Result.NOT_PROVEN),
    "hashed anew and stamped by a stranger": (
        lambda f: (FORGED, [f.stamped(statement(FORGED), strange=True)]),
        Result.NOT_PROVEN,
    ),
}


def certificate_swapped(forge: Forge) -> Shipped:
    """The true stamp, with a byte of the signature's certificate changed."""
    reply = bytearray(forge.stamp.reply or b"")
    at = reply.index(b"Test TSA")
    reply[at : at + 8] = b"Best TSA"
    return replace(forge.stamp, reply=bytes(reply))


@pytest.mark.parametrize("kind", TAMPERED)
def test_every_tampering_shows(kind: str, forge: Forge, tmp_path: Path) -> None:
    tamper, expected = TAMPERED[kind]
    links, stamped = tamper(forge)
    root = forge.ours.folder / "root.pem"
    roots = load_pem_x509_certificates(root.read_bytes())
    verdict = verification.verify(SESSION, links, stamped, roots, length=len(links), head=links[-1].hash)
    assert verdict.result == expected, verdict
    strange = load_pem_x509_certificates((forge.strange.folder / "root.pem").read_bytes())
    made = bundle.bundle(links, statement(links), stamped, roots=[*roots, *strange])
    folder = unpack(made, tmp_path / "bundle")
    assert len(list((folder / "roots").iterdir())) == 2, "a forger puts the root of another authority beside ours"
    with_file, in_folder, alone = run(folder, str(root)), run(folder, str(forge.ours.folder)), run(folder)
    assert (with_file.returncode, with_file.stderr) == (EXIT_CODES[expected], ""), with_file
    assert in_folder.returncode == EXIT_CODES[expected], in_folder
    assert alone.returncode == (EXIT_CODES[expected] or EXIT_CODES[Result.NOT_PROVEN]), (
        "its own certificates decide nothing"
    )
    assert bundle.read(made).verdict(roots).result == expected


def test_without_roots_nothing_is_proven_and_the_script_prints_whose_certificates_they_are(
    forge: Forge, tmp_path: Path
) -> None:
    verdict = verification.verify(SESSION, TRUE, [forge.stamp], (), length=len(TRUE), head=TRUE[-1].hash)
    assert (verdict.result, verdict.fault) == (Result.NOT_PROVEN, "")
    assert "no root certificate is configured" in verdict.stamps[0].sentence
    done = run(unpack(bundle.bundle(TRUE, None, [forge.stamp]), tmp_path / "bundle"))
    assert done.returncode == 2
    assert "CN" in done.stdout
    assert "Fingerprint=" in done.stdout
    assert "must come from elsewhere" in done.stdout


def test_the_stored_bytes_are_shipped(forge: Forge) -> None:
    odd = replace(forge.stamp, statement=forge.stamp.statement.replace(",", ", "))
    with zipfile.ZipFile(BytesIO(bundle.bundle(TRUE, statement(TRUE), [odd]))) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".tsr")]
        assert archive.read("statement.json").decode() == odd.statement
        assert archive.read(name) == odd.reply


@pytest.mark.parametrize("content", [b"", b"PK", b"garbage" * 100])
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no bundle"):
        bundle.read(content)


def test_a_chain_that_was_hashed_anew_is_shown_as_broken(forge: Forge, otto, integrator, database, outbox) -> None:
    """The page compares with what was stamped; before, a chain that hangs together was called time-stamped."""
    database.config = replace(
        database.config,
        tsa_urls=(forge.ours.url,),
        tsa_roots=tuple(load_pem_x509_certificates((forge.ours.folder / "root.pem").read_bytes())),
    )
    session = integrator.create(notes="true")
    integrator.end(session)
    outbox.deliver_all()
    place = f"/inspections/{session['id']}"
    assert "a configured root vouches for that" in otto.get(place).text
    forged = chained(session["id"])
    with rewriting(database) as db:
        db.execute(text("DELETE FROM chain_events"))
        for link in forged:
            values = {"i": session["id"].replace("-", "") if db.dialect == "sqlite" else session["id"]}
            db.execute(
                text(
                    "INSERT INTO chain_events (inspection_id, sequence, prev_hash, kind, payload, occurred_at, hash) "
                    "VALUES (:i, :sequence, :prev, :kind, :payload, :at, :hash)"
                ),
                values | {"sequence": link.sequence, "prev": link.prev_hash, "kind": link.kind,
                          "payload": link.payload, "at": link.occurred_at, "hash": link.hash},
            )  # fmt: skip
        db.execute(text("UPDATE inspections SET chain_head = :head"), {"head": forged[-1].hash})
    page = otto.get(place).text
    assert "This record does not hold." in page
    assert "the chain was written anew" in page
    assert "Time-stamped<" not in page
