"""Ten kinds of tampering with a stored record: each shows on the page, by command, by the script and the file of the
bundle, and on the public page."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificates
from sqlalchemy import text

from app.inspections import anchors, chain, numbers, queries
from app.inspections.verification import EXIT_CODES, Result
from app.kernel.db.engine import Database, Db
from tests.cli.running import Desk
from tests.history import rewriting
from tests.inspections import pages
from tests.inspections.authority import Authority
from tests.inspections.test_chain import run, unpack


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Authority, Authority]]:
    """The authority that the reader trusts, and a stranger's."""
    made = [Authority(tmp_path_factory.mktemp(name)) for name in ("authority", "stranger")]
    servers = [each.serve() for each in made]
    yield made[0], made[1]
    for server in servers:
        server.shutdown()
        server.server_close()


@dataclass
class Forger:
    """Somebody with the owner's password of the database, and with an authority of their own."""

    db: Db
    session: str
    other: str
    links: list[chain.Link]
    strange: Authority

    def run(self, sql: str, **values: object) -> None:
        id = self.session.replace("-", "")
        self.db.execute(text(sql), {"id": id, **values})

    def write(self, links: list[chain.Link]) -> None:
        """Stores another chain, and says on the inspection that it is whole."""
        self.run("DELETE FROM chain_events WHERE inspection_id = :id")
        columns = "inspection_id, sequence, prev_hash, kind, payload, occurred_at, hash"
        for link in links:
            self.run(
                f"INSERT INTO chain_events ({columns}) VALUES (:id, :n, :prev, :kind, :payload, :at, :hash)",
                n=link.sequence, prev=link.prev_hash, kind=link.kind, payload=link.payload, at=link.occurred_at,
                hash=link.hash,
            )  # fmt: skip
        head, n = links[-1].hash, len(links)
        self.run("UPDATE inspections SET chain_head = :head, chain_length = :n WHERE id = :id", head=head, n=n)

    def forged(self) -> list[chain.Link]:
        """The chain with another remark, hashed anew to its end."""
        made: list[chain.Link] = []
        for link in self.links:
            head = made[-1].hash if made else chain.GENESIS
            payload = link.payload.replace('"dry"', '"wet"')
            again = replace(link, prev_hash=head, payload=payload)
            made.append(replace(again, hash=hashlib.sha256(again.preimage()).hexdigest()))
        return made

    def statement(self, links: list[chain.Link]) -> bytes:
        return chain.statement(self.session, links[-1].hash, len(links))


def flip(forger: Forger) -> None:
    forger.run("UPDATE chain_events SET payload = replace(payload, 'dry', 'wet') WHERE inspection_id = :id")


def drop_the_tail(forger: Forger) -> None:
    forger.write(forger.links[:-1])


def drop_from_the_middle(forger: Forger) -> None:
    forger.run("DELETE FROM chain_events WHERE inspection_id = :id AND sequence = 3")


def swap(forger: Forger) -> None:
    for before, after in ((2, 99), (3, 2), (99, 3)):
        change = "UPDATE chain_events SET sequence = :after WHERE inspection_id = :id AND sequence = :before"
        forger.run(change, before=before, after=after)


def hash_all_anew(forger: Forger) -> None:
    forger.write(forger.forged())


def take_the_stamp_of_another_session(forger: Forger) -> None:
    theirs = "SELECT {} FROM anchors WHERE inspection_id = :other"
    both = f"statement = ({theirs.format('statement')}), reply = ({theirs.format('reply')})"
    forger.run(f"UPDATE anchors SET {both} WHERE inspection_id = :id", other=forger.other.replace("-", ""))


def remove_the_stamp(forger: Forger) -> None:
    forger.run("DELETE FROM anchors WHERE inspection_id = :id")


def make_the_statement_anew(forger: Forger) -> None:
    links = forger.forged()
    forger.write(links)
    statement = forger.statement(links).decode()
    forger.run("UPDATE anchors SET statement = :statement WHERE inspection_id = :id", statement=statement)


def swap_the_certificate(forger: Forger) -> None:
    (stamp,) = (each for each in queries.anchors(forger.db, uuid.UUID(forger.session)) if each.reply)
    reply = (stamp.reply or b"").replace(b"Test TSA", b"Best TSA")
    forger.run("UPDATE anchors SET reply = :reply WHERE inspection_id = :id", reply=reply)


def have_a_stranger_stamp_it_anew(forger: Forger) -> None:
    links = forger.forged()
    forger.write(links)
    statement = forger.statement(links)
    reply = anchors.ask(forger.strange.url, statement, (), datetime.now(UTC)).reply
    change = "UPDATE anchors SET statement = :statement, reply = :reply WHERE inspection_id = :id"
    forger.run(change, statement=statement.decode(), reply=reply)


def do_nothing(_: Forger) -> None:
    """The record as it is."""


KINDS: dict[Callable[[Forger], None], Result] = {
    do_nothing: Result.PROVEN,
    flip: Result.BROKEN,
    drop_the_tail: Result.BROKEN,
    drop_from_the_middle: Result.BROKEN,
    swap: Result.BROKEN,
    hash_all_anew: Result.BROKEN,
    take_the_stamp_of_another_session: Result.BROKEN,
    remove_the_stamp: Result.NOT_PROVEN,
    make_the_statement_anew: Result.BROKEN,
    swap_the_certificate: Result.NOT_PROVEN,
    have_a_stranger_stamp_it_anew: Result.NOT_PROVEN,
}
TITLES = {
    Result.PROVEN: "The record holds, and its time is vouched for",
    Result.BROKEN: "The record does not hold",
    Result.NOT_PROVEN: "The record holds, but its time is not proven",
}


@pytest.mark.parametrize("tamper", KINDS, ids=lambda each: each.__name__)
def test_it_shows_everywhere(
    tamper: Callable[[Forger], None],
    authorities: tuple[Authority, Authority],
    app: Any,
    otto: Any,
    integrator: Any,
    database: Database,
    outbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ours, strange = authorities
    root = ours.folder / "root.pem"
    trusted = tuple(load_pem_x509_certificates(root.read_bytes()))
    database.config = replace(database.config, tsa_urls=(ours.url,), tsa_roots=trusted)
    session, other = integrator.create(), integrator.create()
    for remark in ("dry", "seen"):
        pages.send(otto, session, "add_remark", text=remark)
    for each in (session, other):
        integrator.end(each)
    outbox.deliver_all()
    with database.read() as db:
        links = queries.links(db, uuid.UUID(session["id"]))
    with rewriting(database) as db:
        tamper(Forger(db, session["id"], other["id"], links, strange))
    expected, place = KINDS[tamper], f"/inspections/{session['id']}"

    page = otto.get(place).text
    assert ("This record does not hold." in page) == (expected == Result.BROKEN)
    assert ("a configured root vouches for that" in page) == (expected == Result.PROVEN) or expected == Result.BROKEN

    number = numbers.number_of(uuid.UUID(session["id"]))
    assert TITLES[expected] in app.test_client().get(f"/verify/{number}").text

    monkeypatch.setenv("TSA_ROOTS", str(root))
    desk = Desk(database, monkeypatch)
    assert desk("verify", session["id"]).exit_code == EXIT_CODES[expected]
    assert desk("verify", number).exit_code == EXIT_CODES[expected]

    content = otto.get(f"{place}/chain.zip").data
    (tmp_path / "bundle.zip").write_bytes(content)
    assert desk("verify", str(tmp_path / "bundle.zip")).exit_code == EXIT_CODES[expected]
    ran = run(unpack(content, tmp_path / "bundle"), str(root))
    assert (ran.returncode, ran.stderr) == (EXIT_CODES[expected], "")
