"""PDF documents, written by WeasyPrint in a process of its own: tagged, with attachments, without the network.

The child process gets the page, the pictures and the attachments as files in a folder, and nothing else: no settings,
no secrets, no database. It has a deadline and a limit of memory, so that a page that is too much costs one document
and not the worker. One at a time is written in a process. The same input gives the same bytes.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.kernel.text import datetimes
from app.kernel.text.i18n import direction

log = structlog.get_logger("desk.pdf")

SECONDS = 120.0
"""Deadline of one document."""
MIME = "application/pdf"
APP = Path(__file__).parents[2]
FRAME = "pdf/page.html"
"""What the template of every document extends: title, fonts, the running head, the direction of the language."""
PAGE, RESULT, REQUEST, GIVEN, ATTACHED = "page.html", "result.pdf", "request.json", "given", "attached"
"""Names in the folder of the child process."""

_ONE_AT_A_TIME = threading.Lock()


class Failed(Exception):
    """The document could not be written; the text is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that the PDF carries; the end of its name says its type. `relationship` is how it belongs to the document
    (PDF/A-3): Data, Source, Supplement."""

    name: str
    content: bytes
    description: str = ""
    relationship: str = "Supplement"


@dataclass(frozen=True, slots=True)
class Source:
    """What a PDF is made of. The page names its pictures as `given:<name>`; `created` is the date that it bears."""

    html: str
    created: datetime
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()


def render(source: Source, seconds: float = SECONDS) -> bytes:
    """The PDF, written as PDF/A-3a and PDF/UA-1. Raises Failed."""
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix="session-desk-pdf-") as name:
        folder = Path(name)
        _write(folder, source)
        _run(folder, source.created, seconds)
        return (folder / RESULT).read_bytes()


def _write(folder: Path, source: Source) -> None:
    """Writes the files of the child process. Names of pictures and attachments are ours there: numbers."""
    (folder / PAGE).write_text(source.html, "utf-8", "replace")
    for part in (GIVEN, ATTACHED):
        (folder / part).mkdir()
    pictures, attachments = list(source.pictures.items()), list(source.attachments)
    identity = hashlib.sha256(source.html.encode(errors="replace"))
    for number, (_, content) in enumerate(pictures):
        (folder / GIVEN / str(number)).write_bytes(content)
        identity.update(hashlib.sha256(content).digest())
    for number, attachment in enumerate(attachments):
        (folder / ATTACHED / str(number)).write_bytes(attachment.content)
        identity.update(hashlib.sha256(attachment.content).digest())
    request = {
        "created": source.created.astimezone(UTC).replace(microsecond=0).isoformat(),
        "identity": identity.hexdigest(),
        "pictures": {name: number for number, (name, _) in enumerate(pictures)},
        "attachments": [[each.name, each.description, each.relationship] for each in attachments],
    }
    (folder / REQUEST).write_text(json.dumps(request))


def _run(folder: Path, created: datetime, seconds: float) -> None:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(APP.parent),
        # What the parts of fonts in the file are dated by, else each writing would give other bytes.
        "SOURCE_DATE_EPOCH": str(int(created.timestamp())),
    }
    # Its standard input is open while this process lives: the child ends with it.
    child = subprocess.Popen(
        [sys.executable, "-m", "app.kernel.pdf.child", str(folder)],
        cwd=APP.parent,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    with child:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            raise Failed(f"The PDF took longer than {seconds:.0f} seconds to write. It may be too long.") from None
        if child.returncode or not (folder / RESULT).is_file():
            # The last line names the kind of error; what stands in it may quote the page.
            last = (child.stderr.read() if child.stderr else b"").decode(errors="replace").strip().rpartition("\n")[2]
            log.error("PDF not written", code=child.returncode, error=last.partition(":")[0][:80])
            raise Failed("The PDF could not be written. It may be too long.")


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(APP / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    datetimes.install(found)
    return found


def page(template: str, *, lang: str = "en", title: str, author: str, created: datetime, **context: object) -> str:
    """The page of a document, from `templates/pdf/`. The template extends `frame`; everything is escaped."""
    return (
        _templates()
        .get_template(f"pdf/{template}")
        .render(frame=FRAME, lang=lang, dir=direction(lang), title=title, author=author, created=created, **context)
    )
