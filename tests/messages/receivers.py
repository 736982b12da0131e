"""Receivers that behave as badly as the internet does: HTTP by path, SMTP by recipient."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller

from tests.servers import free_port


class HttpReceiver:
    """Listens on all of 127.0.0.0/8, each address a host of its own, and keeps every request.

    `/200`, `/500`, `/410`, `/302` answer so; `/hang` never, `/drip` a byte a while, `/huge` without end, `/garbage` no
    HTTP, `/later` 503 with Retry-After, `/someday` 200 with one that no calendar has, `/cut` hangs up.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.stopped = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                outer.answer(self)

            def do_GET(self) -> None:
                outer.requests.append((self.path, {}, b"GET"))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def ids(self) -> list[str]:
        """webhook-id of everything that came, in order."""
        return [headers["webhook-id"] for _path, headers, _body in self.requests if "webhook-id" in headers]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        word = urlsplit(handler.path).path.rpartition("/")[2]
        if word.isdigit():
            handler.send_response(int(word))
            if word.startswith("3"):
                handler.send_header("Location", self.url("/200"))
            handler.end_headers()
        elif word == "later":
            handler.send_response(503)
            handler.send_header("Retry-After", "777")
            handler.end_headers()
        elif word == "someday":
            handler.send_response(200)
            handler.send_header("Retry-After", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
            handler.end_headers()
        elif word == "hang":
            self.stopped.wait(110)
        elif word == "cut":
            handler.connection.shutdown(socket.SHUT_RDWR)
        elif word == "garbage":
            handler.wfile.write(b"\x00\xff this is not HTTP\r\n\r\n" * 50)
        elif word == "drip":
            self.pour(handler, b"H", 0.1)
        elif word == "huge":
            handler.send_response(200)
            handler.end_headers()
            self.pour(handler, b"x" * 65536, 0)

    def pour(self, handler: BaseHTTPRequestHandler, piece: bytes, pause: float) -> None:
        try:
            while not self.stopped.is_set():
                handler.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            pass

    def stop(self) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()


class Postbox:
    """What aiosmtpd asks: refuses `gone@` for good and `busy@` for now, and keeps the rest."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.recipients: list[str] = []
        self.callers: list[Any] = []
        """From which port each message came: one is one connection."""
        self.ended = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("gone@"):
            return "550 5.1.1 No such\x07 user here"
        if address.startswith("busy@"):
            return "450 4.2.1 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(envelope.original_content)
        self.recipients += envelope.rcpt_tos
        self.callers.append(session.peer)
        return "250 Message accepted"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        self.ended += 1
        return "221 Bye"


class _Controller(Controller):
    """Runs a server, encrypted or not: the library's own look whether it runs takes its certificate for a caller's."""

    def _trigger_server(self) -> None:
        socket.create_connection((self.hostname, self.port)).close()


@contextmanager
def postbox(
    kind: type[Postbox] = Postbox, certified: ssl.SSLContext | None = None, starttls: bool = False
) -> Iterator[tuple[Postbox, str]]:
    """A real SMTP server and its SMTP_URL; with a certificate it speaks encrypted, from the start or on request."""
    box = kind()
    port = free_port()
    tls: dict[str, Any] = {"tls_context": certified, "require_starttls": True} if starttls else {}
    at_once = None if starttls else certified
    controller = _Controller(box, hostname="127.0.0.1", port=port, ssl_context=at_once, **tls)
    controller.start()
    try:
        yield box, f"smtp{'s' if at_once else ''}://127.0.0.1:{port}{'?starttls' if starttls else ''}"
    finally:
        controller.stop()


@contextmanager
def silence() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]
