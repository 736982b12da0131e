"""Many photos by many sessions at once, each sent twice as by phones that heard no answer: none lost, none twice.

Half of the sessions send forms, the others what the page's script sends: parts, and then the whole.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app.files import keeping
from app.kernel.db.engine import Database
from app.kernel.store import digest, store_at
from tests.cast import Cast
from tests.faults.results import LONG, long_only, note
from tests.inspections.conftest import Integrator
from tests.inspections.test_capture import Phone, chained, file, items
from tests.pictures import picture
from tests.s3 import s3 as s3

SESSIONS, PHOTOS, AT_ONCE = (20, 25, 5) if LONG else (4, 6, 3)
KINDS = ["folder", "s3"] if LONG else ["folder"]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path, database: Database) -> str:
    """Where the originals go."""
    at = str(tmp_path / "many")
    if request.param == "s3":
        request.getfixturevalue("s3")
        at = f"s3://evidence/{tmp_path.name}"
    database.config = replace(database.config, evidence_url=at)
    return at


class Round:
    """Sessions whose field users send photos at the same time."""

    def __init__(self, app: Flask, cast: Cast, database: Database) -> None:
        integrator, self.database = Integrator(app, cast, "marston"), database
        sessions = [integrator.create() for _ in range(SESSIONS)]
        self.phones = [Phone(app, integrator, each, address=f"203.0.113.{n}") for n, each in enumerate(sessions, 1)]
        self.together = threading.Barrier(SESSIONS)

    def photos(self, n: int) -> list[bytes]:
        """Different pictures, some of which several sessions have."""
        return [picture(size=(16, 16)) + f"{n % 7} {each}".encode() for each in range(PHOTOS)]

    def send(self, n: int) -> None:
        phone, mine = self.phones[n], self.photos(n)
        phone.allow()
        self.together.wait(60)
        if n % 2:
            phone.headers["Accept"] = "application/json"
            for each in mine:
                assert [self._in_parts(phone, each) for _ in range(2)] == ["", "known"]
            return
        for at in range(0, PHOTOS, AT_ONCE):
            for _ in range(2):
                answer = phone.send(files=[file(each) for each in mine[at : at + AT_ONCE]])
                assert answer.status_code == 303

    def _in_parts(self, phone: Phone, content: bytes) -> str:
        whole, halves = digest(content), (content[:100], content[100:])
        for each in halves:
            kept = phone.post(f"{phone.place}/evidence/parts/{whole}", part=file(each)).json
            assert kept == {"kept": digest(each)}
        sums = ",".join(map(digest, halves))
        joined = phone.post(f"{phone.place}/evidence/whole/{whole}", parts=sums, name="IMG_1.jpg").json
        return str(joined["results"][0]["reason"])

    def run(self) -> None:
        with ThreadPoolExecutor(SESSIONS) as pool:
            list(pool.map(self.send, range(SESSIONS)))

    def lost_or_twice(self, url: str) -> list[str]:
        """What differs between that which was sent, the rows, the chain and the store."""
        kept, found = store_at(url), []
        for n, phone in enumerate(self.phones):
            sent, folder = [digest(each) for each in self.photos(n)], keeping.originals(phone.session["id"])
            rows = [each.sha256 for each in items(self.database, phone.session)]
            chain = [each["sha256"] for each in chained(self.database, phone.session)]
            names = {name.rpartition("/")[2] for name in kept.names(folder)}
            on_their_way = [*kept.names("arriving"), *kept.names("parts")]
            if not sent == rows == chain or names != set(sent) or on_their_way:
                found.append(phone.session["id"])
        return found


def test_none_is_lost_and_none_is_there_twice(app: Flask, cast: Cast, database: Database, url: str) -> None:
    begun, photos = time.monotonic(), Round(app, cast, database)
    photos.run()
    assert photos.lost_or_twice(url) == []
    kind = "S3" if url.startswith("s3") else "a folder"
    seconds = time.monotonic() - begun
    done = f"{SESSIONS} sessions, each photo sent twice, half in parts, into {kind}: 0 lost, 0 twice, {seconds:.0f} s"
    note(f"photos at once into {kind}", "sqlite" if database.sqlite else "postgresql", SESSIONS * PHOTOS, done)


@long_only
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_planted_loss_is_noticed(
    app: Flask, cast: Cast, database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep: Callable[..., None] = keeping.keep

    def forget_some(kept: object, owner: object, content: bytes) -> None:
        if int(digest(content), 16) % 50:
            keep(kept, owner, content)

    monkeypatch.setattr(keeping, "keep", forget_some)
    photos = Round(app, cast, database)
    photos.run()
    lost = photos.lost_or_twice(url)
    assert lost
    kind = "S3" if url.startswith("s3") else "a folder"
    note(
        f"planted: acknowledges what is not kept, {kind}",
        "sqlite",
        SESSIONS * PHOTOS,
        f"noticed in {len(lost)} sessions",
    )
