"""What the database's files keep of an erased contact: read byte by byte, and nothing after `desk db compact`."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens import actions
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.cli.running import Desk
from tests.outgoing import Outbox
from tests.prescreens.erasing import NETWORK, everywhere
from tests.prescreens.factories import stored

NEEDLES = (b"zebrafinch", b"quokka", b"2025550147", NETWORK.encode())


def files(database: Database) -> dict[str, bytes]:
    """Every file of tables and indexes, as it lies on the disk, in small letters."""
    if database.sqlite:
        path = Path(str(database.url.database))
        found = {each.name: each.read_bytes() for each in path.parent.glob(f"{path.name}*")}
        with database.read() as db:
            blocks = db.execute(text("SELECT id, block FROM search_index_data WHERE id > 1000")).all()
        found["words of the index"] = b" ".join(word for _, block in blocks for word in words(block))
        return {name: content.lower() for name, content in found.items()}
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        rows = connection.exec_driver_sql(
            "SELECT relname, pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class "
            "WHERE relkind IN ('r', 'i', 't') AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)"
        ).all()
    return {name: bytes(content or b"").lower() for name, content in rows}


def number(block: bytes, at: int) -> tuple[int, int]:
    """A number as SQLite writes it, seven bits a byte, and where it ends."""
    value = 0
    while True:
        value, at = value << 7 | block[at] & 0x7F, at + 1
        if block[at - 1] < 0x80:
            return value, at


def words(block: bytes) -> list[bytes]:
    """The words of a leaf of the full-text index, each of which is stored without what it shares with the last."""
    if len(block) < 4:
        return []
    at, found, last, place = int.from_bytes(block[2:4], "big"), [], b"", 0
    while at < len(block):
        step, at = number(block, at)
        place += step
        begins, shared = place, 0
        if found:
            shared, begins = number(block, begins)
        size, begins = number(block, begins)
        last = last[:shared] + block[begins : begins + size]
        found.append(last)
    return found


def kept(database: Database) -> set[str]:
    return {name for name, content in files(database).items() if any(needle in content for needle in NEEDLES)}


def test_nothing_is_left_in_the_files(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, monkeypatch)
    ids = everywhere(client, database, cast, outbox)
    contact = stored(database, ids["denied"]).contact_id
    assert contact is not None
    assert kept(database), "it is looked for where it is"
    with database.write() as db:
        actions.erase_contact(
            db, contact, reach=Reach((cast.marston.id,)), reason="Asked", by=cast.actor("adam"), now=now()
        )
    left = kept(database)
    assert left, "the index and the log, or dead rows, keep it for a while"
    database.dispose()
    assert desk.json("db", "compact") == {"log_emptied": True}
    assert not kept(database), kept(database)
    assert desk.json("check", "search")["equal"] is True
    assert desk.json("check", "counts")["equal"] is True
