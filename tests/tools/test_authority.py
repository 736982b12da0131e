"""The demo authority: its stamps lead to its own root, and it is called a demo wherever its name is read."""

import threading
from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates

from app.inspections import anchors
from tests.conftest import missing
from tests.servers import free_port
from tools import authority


def test_it_stamps_what_it_is_asked_and_is_called_a_demo(tmp_path: Path) -> None:
    if not authority.prepare(tmp_path):
        missing("openssl is missing: install the Debian package openssl.")
    port = free_port()
    threading.Thread(target=authority.serve, args=(tmp_path, port), daemon=True).start()
    settings = authority.settings(tmp_path, port)
    roots = load_pem_x509_certificates(Path(settings["TSA_ROOTS"]).read_bytes())
    for attempt in range(200):
        try:
            stamp = anchors.ask(settings["TSA_URLS"], b"statement", roots, datetime.now(UTC))
            break
        except anchors.Unreachable:
            assert attempt < 199
            threading.Event().wait(0.02)
    assert anchors.name_of(settings["TSA_URLS"]) == f"DEMO (127.0.0.1:{port})"
    assert "proves nothing" in anchors.certificates(stamp.reply)[0].subject.rfc4514_string()
    kept = (tmp_path / "root.pem").read_bytes()
    assert authority.prepare(tmp_path)
    assert (tmp_path / "root.pem").read_bytes() == kept, "made once"
