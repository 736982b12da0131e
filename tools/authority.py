"""A time-stamping authority of the demo site: `openssl ts` behind a small HTTP server on this machine alone.

Its certificates call it a demo, and so does its address. Its stamps prove nothing to anybody else: who runs it can
stamp whatever they like.
"""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.console import python

LARGEST = 64 * 1024
"""Bytes of a question."""
DAYS = "3650"
CONFIG = """\
[req]
distinguished_name = dn
prompt = no
[dn]
O = Session Desk demo
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = demo
[demo]
serial = serial
crypto_device = builtin
signer_cert = leaf.pem
certs = chain.pem
signer_key = leaf.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def command(folder: Path, port: int) -> Sequence[str]:
    """What starts the authority."""
    return python("-m", "tools.authority", str(folder), str(port))


def settings(folder: Path, port: int) -> dict[str, str]:
    """The settings with which a Session Desk asks it, once its certificates are there."""
    return {"TSA_URLS": f"http://DEMO@127.0.0.1:{port}/", "TSA_ROOTS": str(folder / "root.pem")}


def prepare(folder: Path) -> bool:
    """Makes its certificates, once. Answers False where there is no openssl."""
    if (folder / "chain.pem").exists():
        return True
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ts.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01")
    new = ("-newkey", "rsa:2048", "-nodes", "-config", "ts.cnf")
    root = ("-subj", "/O=Session Desk demo/CN=Demo root, proves nothing", "-keyout", "root.key", "-out", "root.pem")
    leaf = (
        "-subj",
        "/O=Session Desk demo/CN=Demo authority, proves nothing",
        "-keyout",
        "leaf.key",
        "-out",
        "leaf.csr",
    )
    signed = ("-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out", "leaf.pem")
    try:
        _openssl(folder, "req", "-x509", *new, "-days", DAYS, "-extensions", "ca", *root)
        _openssl(folder, "req", *new, *leaf)
        _openssl(folder, "x509", "-req", *signed, "-days", DAYS, "-extfile", "ts.cnf", "-extensions", "leaf")
    except (OSError, subprocess.CalledProcessError):
        return False
    (folder / "chain.pem").write_text((folder / "root.pem").read_text() + (folder / "leaf.pem").read_text())
    return True


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def serve(folder: Path, port: int) -> None:
    """Answers questions until the process ends; one at a time, since the serial number is a file."""
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST))
            with turn, tempfile.TemporaryDirectory() as place:
                asked, answered = Path(place, "question.tsq"), Path(place, "reply.tsr")
                asked.write_bytes(question)
                words = ("-queryfile", str(asked), "-config", "ts.cnf", "-section", "demo", "-out", str(answered))
                try:
                    _openssl(folder, "ts", "-reply", *words)
                    status, content = 200, answered.read_bytes()
                except subprocess.CalledProcessError:
                    status, content = 400, b""
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
