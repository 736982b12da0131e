"""The layout of the bundle: what is in it, that nothing in it can be changed unseen, and that former ones are read."""

import json
import shutil
import uuid
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import rfc8785
from cryptography.x509 import load_pem_x509_certificates

from app.inspections import bundle, chain, records
from app.inspections.verification import EXIT_CODES, Result
from app.kernel import store
from tests.cli.running import Desk
from tests.inspections import pages
from tests.inspections.authority import Authority
from tests.inspections.test_capture import PLACED, Phone, file, items
from tests.inspections.test_chain import MOMENT, run, sum_anew, unpack

FORMER = Path(__file__).parent / "former"
ROOTS = load_pem_x509_certificates((FORMER / "root.pem").read_bytes())


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), note="dry")
    outbox.deliver_all()
    return session


def zipped(folder: Path) -> bytes:
    """The folder as a bundle again."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def results(folder: Path, *roots: str) -> set[int]:
    """How the script and the reader end, as exit codes."""
    read = bundle.read(zipped(folder)).verdict(ROOTS if roots else ())
    done = run(folder, *roots)
    assert done.stderr == "", done
    return {done.returncode, EXIT_CODES[read.result]}


def test_what_is_in_a_bundle(otto, session, database, outbox, tmp_path) -> None:
    database.config = replace(database.config, tsa_roots=tuple(ROOTS))
    pages.send(otto, session, "report")
    outbox.deliver_all()
    content = otto.get(f"/inspections/{session['id']}/chain.zip").data
    folder = unpack(content, tmp_path)
    (photo, note) = items(database, session)
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    consent = {name for name in names if name.startswith("consent/")}
    (root,) = (name for name in names if name.startswith("roots/"))
    assert len(consent) == 3
    assert names - consent == {
        *("HOW-THIS-WAS-MADE.html", "verify.sh", "SHA256SUMS", "format.txt", "events.jsonl", "people.json", root),
        *(f"originals/{photo.sha256}.jpg", f"originals/{note.sha256}.txt", f"copies/{photo.sha256}.jpg", "report.pdf"),
    }
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert names - listed == {"HOW-THIS-WAS-MADE.html", "verify.sh", "SHA256SUMS"}
    assert (folder / root).read_bytes().strip() == (FORMER / "root.pem").read_bytes().strip()
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert session["id"] in (folder / "HOW-THIS-WAS-MADE.html").read_text()
    for line in (folder / "events.jsonl").read_text().split("\n")[:-1]:
        assert rfc8785.dumps(json.loads(line)).decode() == line
    assert results(folder) == {2}


@pytest.mark.parametrize("part", ["consent", "originals", "copies"])
@pytest.mark.parametrize("tamper", ["changed", "missing", "foreign"])
def test_no_file_is_changed_unseen(otto, session, tmp_path, part, tamper) -> None:
    folder = unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path)
    first = min((folder / part).iterdir())
    if tamper == "changed":
        first.write_bytes(first.read_bytes() + b" ")
    elif tamper == "missing":
        first.unlink()
    else:
        (folder / part / f"{'0' * 64}.txt").write_bytes(b"another")
    assert results(folder) == {1}
    sum_anew(folder)
    # The chain does not name copies, so that a forger can make the list of hashes agree with another one.
    assert results(folder) == ({2} if part == "copies" else {1})


def test_signs_that_end_a_line_elsewhere_do_not_here(tmp_path) -> None:
    odd = 'a\u2028b\x85c\u2029 \\ "wording":"x" %s \\n `id` $(id)'
    links = [chain.seal(0, chain.GENESIS, "session.created", {"session": "s", "text": odd}, MOMENT)]
    links.append(chain.seal(1, links[0].hash, "remark.added", {"text": odd, "by": {"name": odd}}, MOMENT))
    person = chain.canonical({"first_name": odd})
    links.append(chain.seal(2, links[1].hash, "participant.joined", {"record": store.digest(person.encode())}, MOMENT))
    made = bundle.bundle(links, None, [], {store.digest(person.encode()): person})
    assert bundle.read(made).links == links
    assert list(bundle.read(made).people.values()) == [person]
    assert results(unpack(made, tmp_path)) == {2}


@pytest.mark.parametrize("script", ["its own", "ours"])
def test_a_bundle_of_the_former_layout_is_still_proven(tmp_path, script) -> None:
    folder = unpack((FORMER / "bundle.zip").read_bytes(), tmp_path)
    if script == "ours":
        shutil.copy(Path(bundle.__file__).parent / "verify.sh", folder)
    assert results(folder, str(FORMER / "root.pem")) == {0}
    assert results(folder) == {2}


def test_roots_may_be_a_folder(database, tmp_path, monkeypatch) -> None:
    """For the script as an argument and a variable, and for the command."""
    roots, strange, other = tmp_path / "my roots", tmp_path / "none of them", tmp_path / "stranger's"
    for each in (roots, strange, other):
        each.mkdir()
    shutil.copy(FORMER / "root.pem", roots / "b.pem")
    (roots / "notes.txt").write_text("no certificate")
    made = Authority(other)
    for each in (roots, strange):
        shutil.copy(made.folder / "root.pem", each / "a.pem")
    folder = unpack((FORMER / "bundle.zip").read_bytes(), tmp_path / "bundle")
    shutil.copy(Path(bundle.__file__).parent / "verify.sh", folder)
    for given, code in ((roots, 0), (strange, 2)):
        assert run(folder, str(given)).returncode == code
        monkeypatch.setenv("TSA_ROOTS", str(given))
        assert run(folder).returncode == code
        assert Desk(database, monkeypatch)("verify", str(FORMER / "bundle.zip")).exit_code == code


FORMER_TAMPERING = {
    "flip": ("events/000010", lambda content: content.replace(b"seen", b"wet")),
    "cut short": ("chain.sha256", lambda content: b"".join(content.splitlines(keepends=True)[:-1])),
    "swap": ("chain.sha256", lambda content: b"".join(sorted(content.splitlines(keepends=True)))),
    "another statement": ("anchors/*.json", lambda content: content.replace(b'"events":', b'"events":1')),
    "garbage": ("anchors/*.tsr", lambda content: content[:100]),
    "another original": ("originals/*.jpg", lambda content: content + b" "),
    "another person": ("people.json", lambda content: content.replace(b'"random":"', b'"random":"0')),
}


@pytest.mark.parametrize("tamper", FORMER_TAMPERING)
def test_a_former_bundle_that_was_tampered_with_is_broken(tmp_path, tamper) -> None:
    folder = unpack((FORMER / "bundle.zip").read_bytes(), tmp_path)
    name, change = FORMER_TAMPERING[tamper]
    path = min(folder.glob(name))
    path.write_bytes(change(path.read_bytes()))
    shutil.copy(Path(bundle.__file__).parent / "verify.sh", folder)
    assert results(folder, str(FORMER / "root.pem")) == {1}


def test_the_command_reads_both_layouts(otto, session, database, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TSA_ROOTS", str(FORMER / "root.pem"))
    desk = Desk(database, monkeypatch)
    done = desk("verify", str(FORMER / "bundle.zip"))
    assert (done.exit_code, "a configured root vouches" in done.stdout) == (0, True)
    (tmp_path / "b.zip").write_bytes(otto.get(f"/inspections/{session['id']}/chain.zip").data)
    assert desk("verify", str(tmp_path / "b.zip")).exit_code == 2


def test_a_later_format_and_two_files_of_one_name_are_refused(tmp_path) -> None:
    links = [chain.seal(0, chain.GENESIS, "session.created", {"session": "s"}, MOMENT)]
    made = bundle.bundle(links, None, [])
    folder = unpack(made, tmp_path)
    (folder / "format.txt").write_text("session-desk/bundle/3\n")
    with pytest.raises(ValueError, match="bundle/3, which this version does not know"):
        bundle.read(zipped(folder))
    done = run(folder)
    assert (done.returncode, "does not know the format session-desk/bundle/3" in done.stdout) == (2, True)
    twice = BytesIO(made)
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("events.jsonl", b"")
    with pytest.raises(ValueError, match="two files of one name"):
        bundle.read(twice.getvalue())


def test_words_of_consent_are_part_of_the_verdict(session, database) -> None:

    with database.read() as db:
        record = records.read(db, uuid.UUID(session["id"]))
    assert len(record.wordings) == 3
    digest = min(record.wordings)
    changed = replace(record, wordings={**record.wordings, digest: "I allow all."})
    missing = replace(record, wordings={k: v for k, v in record.wordings.items() if k != digest})
    for each, words in ((changed, "were changed"), (missing, "are missing")):
        assert each.verdict(()).result == Result.BROKEN
        assert words in each.verdict(()).fault
