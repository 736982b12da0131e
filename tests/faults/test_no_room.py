"""A temporary folder without space: what needs it is refused in words, and everything else goes on."""

import asyncio
import errno
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast as typed

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.serving import bridge
from tests.cast import Cast
from tests.disks import small_disk
from tests.pages import csrf

LARGE = 700_000
"""Bytes of a form above which its files are kept in the temporary folder while they are read."""

FORM = """--b
Content-Disposition: form-data; name="csrf_token"

{}
--b
Content-Disposition: form-data; name="file"; filename="managers.csv"
Content-Type: text/csv

{}
--b--
"""


@dataclass
class Exchanged:
    """The server's side of one request without a body: keeps what it is answered with."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        self.response_bytes(status, headers, Path(file).read_bytes())


def asked(app: Flask, path: str, cookie: str) -> Exchanged:
    """What the server's bridge answers to a signed-in GET."""
    scope = SimpleNamespace(
        http_version="1.1",
        server="localhost:80",
        client="127.0.0.1:4000",
        scheme="http",
        method="GET",
        path=path,
        query_string="",
        headers={"host": "localhost", "cookie": cookie},
    )
    exchanged = Exchanged()

    async def exchange() -> None:
        made = bridge.Bridge(app, threads=1, largest=lambda _: 0)
        made.__rsgi_init__(asyncio.get_running_loop())
        await made.__rsgi__(typed(bridge.Scope, scope), typed(bridge.Exchange, exchanged))

    asyncio.run(exchange())
    return exchanged


@pytest.fixture
def full(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The temporary folder is full, after the app has begun, and so small an answer needs it already."""
    assert app.extensions["limiter"]  # its file is elsewhere by now
    monkeypatch.setattr(bridge, "IN_MEMORY", 200)
    with small_disk(tmp_path / "temporary", megabytes=1) as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
        disk.fill()
        yield


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(("desk", "who"), [("depositions", "ines"), ("prescreens", "lena"), ("inspections", "otto")])
def test_a_long_answer_says_that_there_is_no_room_for_it(
    app: Flask, client: FlaskClient, cast: Cast, desk: str, who: str
) -> None:
    cast.sign_in(client, who)
    kept = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert kept is not None
    answer = asked(app, f"/{desk}/csv", f"{kept.key}={kept.value}")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 60
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "in a minute; if it stays so, tell the people who run this site" in answer.body.decode()
    assert asked(app, "/health/live", "").status == 200


@pytest.mark.usefixtures("full")
def test_a_file_that_is_sent_needs_no_room(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    rows = "".join(f"Zeno {n}{'.' * 300},z{n}@example.com\n" for n in range(LARGE // 300))
    data = FORM.format(csrf(client), f"name,email\n{rows}").replace("\n", "\r\n").encode()
    answer = client.post("/depositions/managers/import", data=data, content_type="multipart/form-data; boundary=b")
    assert (answer.status_code, "Nothing was saved. Split it." in answer.text) == (422, True), "it was read"


@pytest.mark.usefixtures("full")
def test_a_form_whose_files_find_no_room_is_refused_in_words(
    app: Flask, client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(app.request_class, "_get_file_stream", no_room)
    cast.sign_in(client, "hugo")
    data = FORM.format(csrf(client), "name,email").replace("\n", "\r\n").encode()
    answer = client.post("/depositions/managers/import", data=data, content_type="multipart/form-data; boundary=b")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "There is no space left to save anything." in answer.text
