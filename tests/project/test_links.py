"""Whatever documents and pages print as an address answers: links, anchors, paths in backticks, and curl lines."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.models import Organization
from app.accounts.roles import Product
from app.depositions.models import Deposition
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.depositions import factories

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
SOURCES = sorted(
    path
    for folder in ("app", "tools")
    for kind in ("*.py", "*.html", "*.txt", "*.po")
    for path in (ROOT / folder).rglob(kind)
)
MARKDOWN_LINK = re.compile(r"\]\((?!https?://)([^)]+)\)")
PRINTED = re.compile(r"`(?:(GET|POST|PATCH|PUT|DELETE) )?(/[^`\s]*)`")
IN_A_SENTENCE = re.compile(
    r"(?<![\w./:{}<>%-])/(?:api|docs|v1|health|metrics)(?:/(?:[\w<>:-]|{[^{}]*})+(?:\.json)?)*(?![\w/])"
)
FORMER = {"/api/docs/<name>"}
OUTSIDE = ("/etc/", "/var/", "/run/", "/opt/", "/srv/", "/usr/", "/proc/", "/dev/", "/dev")
"""Paths of the machine, which documents print too."""
KEYS = {"YOUR_ACCESS_TOKEN": Product.DEPOSITIONS, "ra_...": Product.PRESCREENS, "nb_sec_...": Product.INSPECTIONS}


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {slug(found) for found in re.findall(r"^#+ (.+)$", path.read_text(), re.M)}


def test_links_and_anchors_between_documents_lead_somewhere() -> None:
    broken = []
    for path in DOCUMENTS:
        for target in MARKDOWN_LINK.findall(path.read_text()):
            name, _, anchor = target.partition("#")
            file = path.parent / name if name else path
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken


def known(app: Flask, address: str, method: str | None = None) -> bool:
    """Whether a route has this address, or begins with it."""
    return answers(app, address, method) or answers(app, f"{address.rstrip('/')}/…", method)


def answers(app: Flask, address: str, method: str | None = None) -> bool:
    """Whether a route has this address; what stands for a value in it fits any value."""
    path = re.split(r"[?#]", address)[0]
    wanted = path.rstrip("/").split("/") if path != "/" else [""]
    for rule in app.url_map.iter_rules():
        parts = rule.rule.rstrip("/").split("/")
        if method and method not in (rule.methods or ()):
            continue
        open_end = wanted[-1] in ("…", "*", "...")
        if len(parts) != len(wanted) and not (open_end and len(parts) >= len(wanted)):
            continue
        if all(_fits(part, word) for part, word in zip(parts, wanted, strict=False)):
            return True
    return False


def _fits(part: str, word: str) -> bool:
    """Whether a part of a rule takes a word of a printed address."""
    if part == word or re.fullmatch(r"[<{:].*|.*…|\*|\.\.\.", word):
        return True
    if "<" not in part:
        return False
    before, after = part.split("<", 1)[0], part.rsplit(">", 1)[1]
    return word.startswith(before) and word.endswith(after)


def printed() -> Iterator[tuple[Path, str | None, str]]:
    for path in DOCUMENTS:
        for method, address in PRINTED.findall(path.read_text()):
            if not address.startswith(OUTSIDE):
                yield path, method or None, address


def test_every_address_that_a_document_prints_has_a_route(app: Flask) -> None:
    found = list(printed())
    assert len(found) > 30
    broken = [
        f"{path.name}: {method or ''} {address}" for path, method, address in found if not known(app, address, method)
    ]
    assert not broken, "\n".join(broken)


def test_every_address_in_a_sentence_of_the_product_has_a_route(app: Flask) -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), address)
        for path in SOURCES
        for address in IN_A_SENTENCE.findall(path.read_text("utf-8"))
        if address not in FORMER
    }
    assert len(found) > 20
    broken = sorted(f"{path}: {address}" for path, address in found if not known(app, address))
    assert not broken, "\n".join(broken)


def test_every_address_of_the_reference_that_a_document_prints_answers(client: Any) -> None:
    """A route of theirs takes any name; only some are there."""
    names = ("/docs/api/", "/api/openapi/")
    found = {address for _, _, address in printed() if address.startswith(names) and not re.search("[<{…*]", address)}
    assert len(found) > 3
    assert not [address for address in sorted(found) if client.get(address).status_code != 200]


@pytest.mark.parametrize("product", list(Product))
def test_the_reference_has_one_address(client: Any, product: Product) -> None:
    assert client.get(f"/docs/api/{product}").status_code == 200
    former = client.get(f"/api/docs/{product}")
    assert (former.status_code, former.location) == (308, f"/docs/api/{product}")
    assert client.get("/api/docs/nothing", follow_redirects=True).status_code == 404


def curl_lines() -> list[str]:
    found = []
    for path in [*DOCUMENTS, *(ROOT / "docs" / "examples").glob("*.txt")]:
        joined = path.read_text().replace("\\\n", " ")
        found += [line.strip() for line in joined.splitlines() if line.strip().startswith("curl ")]
    return sorted(set(found))


@pytest.mark.parametrize("line", curl_lines())
def test_a_printed_curl_line_works(app: Flask, cast: Cast, database: Database, line: str) -> None:
    with database.write() as db:
        if "-X PATCH" in line:  # only organizations with Self-Service change their sessions
            db.execute(update(Organization).values({Organization.self_service: True}))
    if "-X PATCH" in line:
        made = factories.request(database, cast)
        (named,) = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", line)
        with database.write() as db:
            mine = Deposition.id == made.id
            values = {Deposition.remote_session_id: UUID(named), Deposition.state: "ready"}
            db.execute(update(Deposition).where(mine).values(values))
    for placeholder, product in KEYS.items():
        if placeholder in line:
            key = cast.bearer() if product is Product.DEPOSITIONS else cast.key(product)
            line = line.replace(placeholder, key)
    words = shlex.split(line.replace("$(uuidgen)", "8d7f0c52-4a5e-4a0e-9b56-6a6a0b8f8f11"))[1:]
    options: dict[str, list[str]] = {"-X": [], "-H": [], "-d": []}
    address = ""
    while words:
        word = words.pop(0)
        if word in options:
            options[word].append(words.pop(0))
        else:
            address = word
    headers = dict(one.split(": ", 1) for one in options["-H"])
    data = options["-d"][0].encode() if options["-d"] else None
    method = options["-X"][0] if options["-X"] else "POST" if data else "GET"
    parts = urlsplit(address)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    answer = app.test_client().open(path, method=method, headers=headers, data=data)
    assert answer.status_code in (200, 201), answer.text
