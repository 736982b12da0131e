"""Content Credentials in copies: what they say, that they hold, and that a bad certificate costs no copy."""

import json
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from app.files import copies
from app.files.keeping import copies as folder_of
from app.inspections import actions, queries
from app.inspections.evidence import credentials
from app.inspections.evidence.credentials import LABEL, About, NotSigned
from app.kernel import store
from app.kernel.clock import now
from tests.cli.running import Desk
from tests.inspections.test_capture import PLACED, Phone, file, items

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""It signs a picture of its own, and reads no data."""
ABOUT = About(str(uuid.UUID(int=7)), 3, "ab" * 32, "cd" * 32, "image/jpeg")
CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = x
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[web]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a root, a certificate for signing (good.pem), one for web servers (web.pem), and keys."""
    folder = tmp_path_factory.mktemp("credentials")
    (folder / "c.cnf").write_text(CONFIG)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "c.cnf")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl(
        "req", "-x509", *key, "-extensions", "ca", "-subj", "/CN=Root/O=Marston", "-keyout", "r.key", "-out", "r.pem"
    )
    for name in ("leaf", "other"):
        openssl("req", *key, "-subj", "/CN=Copies/O=Marston", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    for name, extensions in (("good", "leaf"), ("web", "web")):
        openssl(
            *("x509", "-req", "-in", "leaf.csr", "-CA", "r.pem", "-CAkey", "r.key", "-CAcreateserial"),
            *("-extfile", "c.cnf", "-extensions", extensions, "-days", "30", "-out", "one.pem"),
        )
        (folder / f"{name}.pem").write_text((folder / "one.pem").read_text() + (folder / "r.pem").read_text())
    (folder / "garbage.pem").write_text("garbage")
    return folder


def read(copy: bytes, root: Path) -> tuple[str, dict]:
    """What the library's own reader, which trusts this root, says of a copy: its state, and the active manifest."""
    import c2pa

    trust = {"trust": {"user_anchors": root.read_text()}, "verify": {"verify_trust": True}}
    context = c2pa.Context(settings=c2pa.Settings.from_dict(trust))
    with context, c2pa.Reader("image/jpeg", BytesIO(copy), context=context) as reader:
        report = json.loads(reader.json())
        return reader.get_validation_state(), report["manifests"][report["active_manifest"]]


def assertion(manifest: dict) -> dict:
    return next(each["data"] for each in manifest["assertions"] if each["label"] == LABEL)


def test_a_signed_copy_says_of_what_it_is_one_and_shows_a_changed_byte(made: Path) -> None:
    signer = credentials.signer(str(made / "good.pem"), str(made / "leaf.key"))
    assert signer is not None
    signed = credentials.sign(copies.blank(), ABOUT, signer)
    state, manifest = read(signed, made / "r.pem")
    assert (state, assertion(manifest)["sha256"], assertion(manifest)["sequence"]) == ("Trusted", "cd" * 32, 3)
    assert "thumbnail" not in json.dumps(manifest)
    assert copies.make(signed, "image/jpeg").width == 16
    flipped = bytearray(signed)
    flipped[-20] ^= 1
    assert read(bytes(flipped), made / "r.pem")[0] == "Invalid"


UNFIT: dict[str, tuple[str, str, str]] = {
    "no key": ("good.pem", "", "belong together"),
    "no certificate": ("", "leaf.key", "belong together"),
    "no file": ("none.pem", "leaf.key", "C2PA_CERTIFICATE cannot be read"),
    "garbage": ("garbage.pem", "leaf.key", "C2PA_CERTIFICATE cannot be read"),
    "a certificate as key": ("good.pem", "good.pem", "C2PA_KEY cannot be read"),
    "another key": ("good.pem", "other.key", "not the key"),
    "for web servers": ("web.pem", "leaf.key", "not fit to sign"),
    "self-signed": ("r.pem", "r.key", "not fit to sign"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_what_cannot_sign_is_a_sentence(made: Path, kind: str) -> None:
    *names, words = UNFIT[kind]
    with pytest.raises(NotSigned, match=words):
        signed_by(*(str(made / name) if name else "" for name in names))


def signed_by(certificate: str, key: str) -> bytes:
    signer = credentials.signer(certificate, key)
    assert signer is not None
    return credentials.sign(copies.blank(), ABOUT, signer)


@pytest.fixture
def capture(app, integrator, database, outbox) -> Callable[..., dict]:
    def captured(**settings: str) -> dict:
        database.config = replace(database.config, **settings)
        session = integrator.create()
        phone = Phone(app, integrator, session)
        phone.allow()
        phone.send(photo=file(PLACED))
        outbox.deliver_all()
        return session

    return captured


def test_copies_carry_them_and_pages_say_so(capture, app, otto, made, database) -> None:
    session = capture(c2pa_certificate=str(made / "good.pem"), c2pa_key=str(made / "leaf.key"))
    (photo,) = items(database, session)
    copy = otto.get(f"/inspections/{session['id']}/evidence/{photo.id}/copy").data
    assert store.digest(copy) == photo.copy_sha256
    state, manifest = read(copy, made / "r.pem")
    with database.read() as db:
        link = queries.links(db, uuid.UUID(session["id"]))[photo.sequence - 1]
    expected = {"session": session["id"], "sequence": photo.sequence, "head": link.hash, "sha256": photo.sha256}
    assert (state, assertion(manifest)) == ("Trusted", {**expected, "mime": "image/jpeg"})
    assert "The copy carries Content Credentials" in otto.get(f"/inspections/{session['id']}").text
    page = app.test_client().get("/verify/", query_string={"q": photo.copy_sha256}).text
    assert "It carries Content Credentials (C2PA)" in page
    assert "Content Credentials" not in app.test_client().get("/verify/", query_string={"q": photo.sha256}).text


@pytest.mark.parametrize("certificate", ["", "web.pem", "none.pem"])
def test_without_a_certificate_that_signs_the_copy_is_made_all_the_same(
    capture, otto, made, database, certificate
) -> None:
    settings = {"c2pa_certificate": str(made / certificate), "c2pa_key": str(made / "leaf.key")} if certificate else {}
    session = capture(**settings)
    (photo,) = items(database, session)
    assert (photo.copying, photo.credentials, photo.failure) == ("made", False, "")
    assert "Content Credentials" not in otto.get(f"/inspections/{session['id']}").text


def test_erasing_takes_a_copy_along_that_a_killed_worker_never_noted(capture, database, cast, outbox, clock) -> None:
    session = capture()
    (photo,) = items(database, session)
    kept = store.store_at(database.config.evidence_url)
    kept.put(folder_of(photo.inspection_id), b"a copy signed by a worker that was killed")
    clock.move(hours=2)
    with database.write() as db:
        actions.erase_evidence(db, photo.inspection_id, photo.id, reason="asked", by=cast.actor("adam"), now=now())
    outbox.deliver_all()
    assert not kept.names(folder_of(photo.inspection_id))


@ONE_DATABASE
def test_the_command_tries_the_certificate(database, made, monkeypatch) -> None:
    desk = Desk(database, monkeypatch)
    assert "are not set" in desk("evidence", "credentials").stdout
    monkeypatch.setenv("C2PA_CERTIFICATE", str(made / "good.pem"))
    monkeypatch.setenv("C2PA_KEY", str(made / "leaf.key"))
    assert "Copies are signed by O=Marston,CN=Copies" in desk("evidence", "credentials").stdout
    monkeypatch.setenv("C2PA_KEY", str(made / "other.key"))
    refused = desk("evidence", "credentials")
    assert (refused.exit_code != 0, "not the key" in refused.output) == (True, True)
