"""A real time-stamping authority for tests: `openssl ts` behind a small local HTTP server."""

import contextlib
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = {usage}
[tsa]
default_tsa = good
[good]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/leaf.pem
certs = {folder}/chain.pem
signer_key = {folder}/leaf.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@dataclass
class Authority:
    """One authority. `answers` scripts what comes before real stamps: a status number, raw bytes,
    "stamp", or "hang" for an answer that never comes."""

    folder: Path
    answers: list[int | bytes | str] = field(default_factory=list)
    asked: int = 0
    port: int = 0
    usage: str = "critical,timeStamping"
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        (self.folder / "serial").write_text("01")
        (self.folder / "ts.cnf").write_text(CONFIG.format(folder=self.folder, name="Test TSA", usage=self.usage))
        new = ("-newkey", "rsa:2048", "-nodes", "-config", "ts.cnf", "-days", "30")
        openssl(
            self.folder, "req", "-x509", *new, "-extensions", "ca", "-subj", "/CN=Test root",
            "-keyout", "root.key", "-out", "root.pem",
        )  # fmt: skip
        openssl(self.folder, "req", *new[:-2], "-subj", "/CN=Test TSA", "-keyout", "leaf.key", "-out", "leaf.csr")
        openssl(
            self.folder, "x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key",
            "-CAcreateserial", "-extfile", "ts.cnf", "-extensions", "leaf", "-days", "30", "-out", "leaf.pem",
        )  # fmt: skip
        leaf, root = (self.folder / "leaf.pem").read_text(), (self.folder / "root.pem").read_text()
        (self.folder / "chain.pem").write_text(root + leaf)

    def certify(self, lasting: timedelta) -> None:
        """Gives the authority a certificate that ends so soon; `openssl` counts in days."""
        folder, now = self.folder, datetime.now(UTC)
        old = x509.load_pem_x509_certificate((folder / "leaf.pem").read_bytes())
        root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
        builder = x509.CertificateBuilder(root.subject, old.subject, old.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(root.not_valid_before_utc).not_valid_after(now + lasting)
        for each in old.extensions:
            builder = builder.add_extension(each.value, each.critical)
        key = serialization.load_pem_private_key((folder / "root.key").read_bytes(), None)
        leaf = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        (folder / "leaf.pem").write_text(leaf)
        (folder / "chain.pem").write_text((folder / "root.pem").read_text() + leaf)

    def stamp(self, question: bytes) -> bytes:
        """The reply of `openssl ts` to one question."""
        (self.folder / "question.tsq").write_bytes(question)
        openssl(
            self.folder, "ts", "-reply", "-queryfile", "question.tsq", "-config", "ts.cnf", "-section", "good",
            "-out", "reply.tsr",
        )  # fmt: skip
        return (self.folder / "reply.tsr").read_bytes()

    def serve(self) -> ThreadingHTTPServer:
        authority = self
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    authority.asked += 1
                    answer = authority.answers.pop(0) if authority.answers else "stamp"
                    content = authority.stamp(question) if answer == "stamp" else b""
                if answer == "hang":
                    authority.stop.wait(30)
                if isinstance(answer, bytes):
                    content = answer
                self.send_response(answer if isinstance(answer, int) else 200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(content)))
                with contextlib.suppress(ConnectionError):  # whoever asked has given up
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *words: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tsr"
