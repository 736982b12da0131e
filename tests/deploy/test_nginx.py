"""deploy/nginx.conf, run: it serves Session Desk, and no secret of a link reaches its logs, whatever goes wrong."""

import json
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from flask import Flask

from app.serving import HEAD_SECONDS
from tests.conftest import missing
from tests.deploy.proxy import NGINX, SITE, Proxy
from tests.servers import Server, free_port
from tests.serving.sockets import answer, ask, connect, head

SECRET = "Pl4nted-Secret_0123456789abcdefghijklmnopqrstuvw"
HOST = "Host: desk.example.com"


@pytest.fixture(autouse=True)
def nginx_is_here() -> None:
    if not Path(NGINX).exists():
        missing("nginx is missing: install the Debian package nginx-light.")


Start = Callable[..., Proxy]


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Start]:
    running: list[Proxy] = []

    def start(upstream: int, site: str = SITE) -> Proxy:
        running.append(Proxy(tmp_path / f"nginx-{len(running)}", upstream, site))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def request(method: str, path: str, *lines: str) -> bytes:
    return head(method, path, *lines).replace(b"Host: localhost", HOST.encode(), 1)


def secret_paths(app: Flask) -> set[str]:
    """The path of every page and call, with the secret where it takes text."""
    taking = [rule.rule for rule in app.url_map.iter_rules() if re.search(r"<(path:)?[a-z_]+>", rule.rule)]
    found = {re.sub(r"<(path:)?[a-z_]+>", SECRET, re.sub(r"<(int|uuid):\w+>", "7", rule)) for rule in taking}
    return found | {
        f"/elsewhere/{SECRET}",
        f"/{SECRET}",
        f"//join/{SECRET}",
        f"/%6aoin/{SECRET}",
        f"/join/a/../{SECRET}",
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.config(trusted_proxies=(ip_network("127.0.0.0/8"),))
def test_it_serves_and_its_logs_hold_no_secret(app: Flask, serve: Callable[..., Server], proxy: Start) -> None:
    server = serve()
    nginx = proxy(server.port)
    assert b" 200 " in nginx.send(request("GET", "/sign-in"))
    assert b" 404 " in nginx.send(request("GET", "/metrics"))
    assert b" 200 " in nginx.send(request("GET", "/health/ready"))
    too_large = nginx.send(request("POST", "/api/v1/sessions", "Content-Length: 400000"))
    assert b" 413 " in too_large
    assert b"application/problem+json" in too_large
    sent = 4
    for path in sorted(secret_paths(app)):
        nginx.send(request("GET", f"{path}?t={SECRET}", f"Referer: https://desk.example.com{path}"))
        _, redirected = ask(nginx.http, request("GET", path))
        assert b"308" in redirected
        sent += 2
    go_wrong(nginx)
    server.stop()
    assert b" 502 " in nginx.send(request("GET", f"/join/{SECRET}", f"Referer: https://desk.example.com/join/{SECRET}"))
    nginx.stop()
    assert SECRET not in nginx.logs
    assert SECRET not in server.log
    assert len(nginx.access_log) >= sent
    assert any('"GET /sign-in" 200' in line for line in nginx.access_log)
    assert any('"GET /join/-" 502' in line for line in nginx.access_log)


MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def test_what_nginx_refuses_at_the_api_is_a_problem_document(proxy: Start) -> None:
    """Nobody answers behind it: a server that is restarted. A client that reads JSON is to get JSON then, too."""
    nginx = proxy(free_port())
    for asked, status, code in (
        (request("GET", "/api/v1/sessions"), 503, "unavailable"),
        (request("GET", "/v1/sessions/x/join/y"), 503, "unavailable"),
        (request("POST", "/api/v1/sessions", "Content-Length: 400000"), 413, "body_too_large"),
    ):
        start, _, body = nginx.send(asked).partition(b"\r\n\r\n")
        problem = json.loads(body)
        assert (problem.keys(), problem["status"], problem["code"]) == (MEMBERS, status, code)
        assert re.fullmatch("[0-9a-f]{32}", problem["request_id"])
        assert f" {status} ".encode() in start
        assert b"application/problem+json" in start
        assert b"cache-control: no-store" in start.lower()
        assert (b"retry-after: 5" in start.lower()) == (status == 503)
    assert b" 502 " in nginx.send(request("GET", "/sign-in"))


def go_wrong(nginx: Proxy) -> None:
    """Everything for which nginx writes an error with the whole request line."""
    link = f"/password/new/{SECRET}"
    assert b" 413 " in nginx.send(request("POST", link, "Content-Length: 4000000"))
    assert b" 400 " in nginx.send(
        b"GET " + link.encode() + b" HTTP/1.1\r\nHost: desk.example.com\r\nBad Header\r\n\r\n"
    )
    assert b" 400 " in nginx.send(b"GET " + link.encode() + b" HTTP/1.1\r\n\r\n")
    assert b" 414 " in nginx.send(b"GET " + link.encode() + b"a" * 17000 + b" HTTP/1.1\r\n")
    nginx.send(b"NO\x01SENSE " + link.encode() + b" HTTP/1.1\r\n\r\n")
    whole = request("POST", link, "Content-Length: 1000000") + b"a" * 1000000  # buffered in a file, which is a warning
    nginx.send(whole)
    with connect(nginx.https, b"GET " + link.encode() + b" HTTP/1.1\r\n\r\n") as client:
        assert b" 400 " in answer(client), "plain HTTP sent to the port for TLS"


def test_the_search_of_the_logs_finds_what_a_usual_level_writes(proxy: Start) -> None:
    nginx = proxy(free_port(), SITE.replace(" emerg;", " error;"))
    nginx.send(request("GET", f"/join/{SECRET}"))
    assert SECRET in nginx.logs


def test_nginx_lets_an_idle_connection_go_before_the_server_does() -> None:
    found = re.search(r"keepalive_timeout (\d+)s;", SITE)
    assert found is not None
    assert int(found[1]) < HEAD_SECONDS
