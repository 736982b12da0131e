"""PDF documents: written in a process that sees nothing, tagged, with attachments, the same each time."""

import re
import shutil
import subprocess
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from app.kernel import pdf
from tests import processes
from tests.conftest import missing
from tests.design.test_colours import ROOT, TONES, colours, numbers

MADE = datetime(2026, 5, 23, 10, tzinfo=UTC)
STYLE = (pdf.APP / "templates/pdf/_style.css").read_text("utf-8")


@pytest.fixture(autouse=True)
def started_as_by_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "subprocess", subprocess)


def page(content: str, lang: str = "en") -> str:
    return f'<!doctype html><html lang="{lang}"><head><title>Sheet</title></head><body>{content}</body></html>'


def program(name: str, *arguments: str) -> str:
    if shutil.which(name) is None:
        missing(f"{name} is missing: install poppler-utils.")
    return subprocess.run([name, *arguments], capture_output=True, check=True).stdout.decode()


def unpacked(written: bytes) -> bytes:
    """What the compressed streams of a document hold, objects among it."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", written, re.DOTALL)
    return b"\n".join(zlib.decompressobj().decompress(each) for each in streams if each[:1] == b"x")


def words(file: Path) -> str:
    return " ".join(program("pdftotext", str(file), "-").split())


@pytest.fixture
def heard() -> Iterator[tuple[str, list[str]]]:
    """A server, and the addresses that were asked of it."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


def test_nothing_is_fetched_and_the_file_says_what_it_is(tmp_path: Path, heard: tuple[str, list[str]]) -> None:
    url, paths = heard
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>SECRET</text></svg>')
    hostile = "".join(
        f'<img src="{each}" alt="x"><link rel="stylesheet" href="{each}"><link rel="attachment" href="{each}">'
        for each in (f"{url}/a", secret.as_uri(), "given:../page.html", "font:../../../config.py", "//127.0.0.1/a")
    )
    attached = pdf.Attachment("answers.json", b'{"name": "Jane"}', "The answers", "Data")
    source = pdf.Source(page(f"<h1>مرحبا Jane</h1>{hostile}"), MADE, attachments=[attached])
    written = pdf.render(source)
    assert paths == []
    file = tmp_path / "sheet.pdf"
    file.write_bytes(written)
    assert "Jane" in words(file)
    facts = program("pdfinfo", str(file))
    assert re.search(r"Tagged: +yes", facts)
    assert re.search(r"Title: +Sheet", facts)
    assert b"/ViewerPreferences <</DisplayDocTitle true>>" in unpacked(written), "its window bears its title"
    metadata = program("pdfinfo", "-meta", str(file))
    assert 'pdfaid:part="3"' in metadata
    assert 'pdfaid:conformance="A"' in metadata
    assert 'pdfuaid:part="1"' in metadata
    assert program("pdfdetach", "-list", str(file)).splitlines() == ["1 embedded files", "1: answers.json"]
    program("pdfdetach", "-saveall", "-o", str(tmp_path), str(file))
    assert (tmp_path / "answers.json").read_bytes() == attached.content
    assert pdf.render(source) == written, "made again after a kill, it is the same file"


def test_a_process_that_starts_loaded_writes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in all other tests, so that what they see is what people get."""
    attached = pdf.Attachment("answers.json", b"{}", "The answers", "Data")
    source = pdf.Source(page("<h1>Jane مرحبا</h1><p>Words</p>"), MADE, attachments=[attached])
    written = pdf.render(source)
    monkeypatch.setattr(subprocess, "Popen", processes.PdfWriter)
    assert pdf.render(source) == written
    with pytest.raises(pdf.Failed, match="could not be written"):
        pdf.render(pdf.Source(page("<p>x</p>"), MADE, attachments=[attached, pdf.Attachment("\ud800", b"")]))


@pytest.mark.parametrize("process", [subprocess.Popen, processes.PdfWriter], ids=["started", "loaded"])
def test_a_page_that_takes_too_long_is_given_up_in_words(process: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", process)
    source = pdf.Source(page("<table>" + "<tr><td>x</td></tr>" * 50_000 + "</table>"), MADE)
    with pytest.raises(pdf.Failed, match="took longer than 1 seconds"):
        pdf.render(source, seconds=1)


def test_the_style_has_the_tokens_of_the_design() -> None:
    tokens = {**colours(0, ROOT), "warn": colours(0, TONES["warn"])["tone"], "good": colours(0, TONES["good"])["tone"]}
    for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", STYLE):
        assert value == numbers(tokens[name]), name
