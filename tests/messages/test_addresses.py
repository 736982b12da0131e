"""Where a webhook may go: pure, and by name with a resolver of our own."""

import socket
import ssl
import subprocess
import threading
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from app.config import Config
from app.kernel.outbox import http_client, ssrf
from app.kernel.outbox.ssrf import NotAllowed, parse, resolve

OPEN = Config.for_tests(public_base_url="https://desk.example.com")
INSIDE = Config.for_tests(
    public_base_url="https://desk.example.com",
    webhook_allowed_networks=(ip_network("10.1.0.0/16"), ip_network("::1/128")),
)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.urltosendsessioninfo.com",
        "https://hooks.example.com/a/b?c=d",
        "https://hooks.example.com:8443/",
        "https://hooks.example.com:443",
        "HTTPS://Hooks.Example.COM/",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://a_b.example.com/",
        "https://hooks.example.com./",
    ],
)
def test_taken(url: str) -> None:
    parse(url, OPEN)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "//hooks.example.com/",
        "hooks.example.com",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://user@hooks.example.com/",
        "https://user:pass@hooks.example.com/",
        "https://@hooks.example.com/",
        "https://hooks.example.com:80/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:/",
        "https://hooks.example.com:４４３/",
        "https://hooks.example.com#x",
        "https://hooks.example.com\\@evil.example/",
        "https:\\\\hooks.example.com/",
        "https://hooks.example.com/\r\nX: y",
        "https://hooks.example.com/ x",
        "https://hooks%2eexample.com/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://１２７.0.0.1/",
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
        "https://[fec0::1]/",
        "https://[1.2.3.4]/",
        "https://[::1/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://192.0.0.170/",
        "https://198.18.0.1/",
        "https://203.0.113.9/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://168.63.129.16/",
        "https://192.0.2.1/",
        "https://192.31.196.1/",
        "https://192.52.193.1/",
        "https://192.88.99.1/",
        "https://192.175.48.1/",
        "https://198.51.100.1/",
        "https://240.0.0.1/",
        "https://[::ffff:0:7f00:1]/",
        "https://[100::1]/",
        "https://[2001:db8::1]/",
        "https://[3fff::1]/",
        "https://[5f00::1]/",
        "https://-a.example.com/",
        "https://a..example.com/",
        "https://" + "a" * 64 + ".example.com/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refusal:
        parse(url, OPEN)
    assert url not in str(refusal.value)


def test_development_takes_plain_http_on_its_port() -> None:
    parse("http://hooks.example.com/", Config.for_tests())
    with pytest.raises(NotAllowed):
        parse("http://hooks.example.com:9000/", Config.for_tests())


def test_what_the_operator_allows_may_use_http_and_any_port() -> None:
    assert parse("http://10.1.2.3:9000/x", INSIDE).port == 9000
    parse("http://[::1]:9000/x", INSIDE)
    for url in ("http://10.2.2.3:9000/", "http://8.8.8.8/", "https://8.8.8.8:9000/"):
        with pytest.raises(NotAllowed):
            parse(url, INSIDE)


def answer(monkeypatch: pytest.MonkeyPatch, *found: str) -> list[str]:
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(ssrf.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_every_address_of_a_name_must_be_public(monkeypatch: pytest.MonkeyPatch) -> None:
    target = parse("https://hooks.example.com/", OPEN)
    asked = answer(monkeypatch, "8.8.8.8", "2606:4700:4700::1111")
    assert resolve(target, OPEN) == [ip_address("8.8.8.8"), ip_address("2606:4700:4700::1111")]
    assert asked == ["hooks.example.com"], "resolved once"
    for inside in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "64:ff9b::7f00:1", "fe80::1%eth0", "::ffff:10.0.0.1"):
        answer(monkeypatch, "8.8.8.8", inside)
        with pytest.raises(NotAllowed) as refusal:
            resolve(target, OPEN)
        assert inside not in str(refusal.value), "what our resolver sees inside is nobody's business"


def test_a_name_may_lead_where_the_operator_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    target = parse("http://receiver.internal:9000/", INSIDE)
    answer(monkeypatch, "10.1.0.9")
    assert resolve(target, INSIDE) == [ip_address("10.1.0.9")]
    for elsewhere in ("10.2.0.9", "8.8.8.8"):
        answer(monkeypatch, elsewhere)
        with pytest.raises(NotAllowed):
            resolve(target, INSIDE)


# TLS: the connection goes to the checked address, the certificate must carry the name.


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for hooks.example.com, and its key, in one file."""
    file = tmp_path_factory.mktemp("tls") / "hooks.pem"
    subject = ["-subj", "/CN=hooks.example.com", "-addext", "subjectAltName=DNS:hooks.example.com"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(file)]
    made = subprocess.run(["openssl", "req", "-x509", "-days", "2", *subject, *key], capture_output=True, check=True)
    with file.open("ab") as out:
        out.write(made.stdout)
    return file


def serve_tls(certificate: Path, named: list[str | None]) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def once() -> None:
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                # All of it: what is left unread when this closes makes the system cut the connection off.
                asked = b""
                while not asked.endswith(b"{}") and (part := secure.recv(65536)):
                    asked += part
                secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except OSError:
            pass
        listener.close()

    threading.Thread(target=once, daemon=True).start()
    return int(listener.getsockname()[1])


def post(host: str, port: int) -> http_client.Answer:
    return http_client.post(
        host, port, "/", secure=True, addresses=[ip_address("127.0.0.1")], body=b"{}", headers={"Host": host}
    )


def test_the_right_name_reaches_the_checked_address(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    named: list[str | None] = []
    assert post("hooks.example.com", serve_tls(certificate, named)).status == 204
    assert named == ["hooks.example.com"]


def test_a_certificate_of_somebody_else_is_refused(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(http_client.NoAnswer, match="certificate"):
        post("other.example.com", serve_tls(certificate, []))


def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with pytest.raises(http_client.NoAnswer, match="certificate"):
        post("hooks.example.com", serve_tls(certificate, []))
