"""nginx on the file of deploy/, changed in its ports and folders alone, as the tests' own user."""

import datetime
import getpass
import os
import re
import shutil
import ssl
import subprocess
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import ROOT, free_port
from tests.serving.sockets import LONGEST, connect

SITE = (ROOT / "deploy" / "nginx.conf").read_text()
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{}}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused-1;
    uwsgi_temp_path {folder}/unused-2;
    scgi_temp_path {folder}/unused-3;
    include {folder}/session-desk.conf;
}}
"""


class Proxy:
    """A running nginx in front of `upstream`, a port. `logs` is everything that it wrote."""

    def __init__(self, folder: Path, upstream: int, site: str = SITE) -> None:
        self.folder, self.http, self.https = folder, free_port(), free_port()
        folder.mkdir()
        certify(folder)
        places = {
            "listen 80;": f"listen 127.0.0.1:{self.http};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.https} ssl http2;",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
            "/var/log/nginx/": f"{folder}/",
            "/etc/ssl/session-desk/": f"{folder}/",
        }
        for written, here in places.items():
            assert written in site
            site = site.replace(written, here)
        site = re.sub(r"^ *listen \[::\].*\n", "", site, flags=re.M)  # a machine may have no IPv6
        (folder / "session-desk.conf").write_text(site)
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
        command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]
        tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert tried.returncode == 0, tried.stderr
        self.process = subprocess.Popen(command)
        ends = time.monotonic() + LONGEST
        while True:
            try:
                connect(self.https).close()
                return
            except ConnectionRefusedError:
                assert time.monotonic() < ends, self.logs
                assert self.process.poll() is None, self.logs
                time.sleep(0.02)

    @property
    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    @property
    def access_log(self) -> list[str]:
        return (self.folder / "session-desk.log").read_text().splitlines()

    def send(self, data: bytes) -> bytes:
        """The first kilobytes of the answer to what is sent over TLS."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        with connect(self.https) as plain, context.wrap_socket(plain, server_hostname="desk.example.com") as client:
            client.sendall(data)
            return client.recv(65536)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(LONGEST)


def certify(folder: Path) -> None:
    """Writes a certificate of desk.example.com, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("desk.example.com")]), critical=False)
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "privkey.pem").write_bytes(pem)
