"""Outgoing messages as tests see them: the decrypted outbox, a real mail server, a real webhook receiver."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, Self

from aiosmtpd.controller import Controller
from sqlalchemy import select

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import OutboxRow
from tests.servers import free_port


class Outbox:
    """The rows of the outbox, with decrypted payloads."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def rows(self, channel: str | None = None, state: str | None = None) -> list[SimpleNamespace]:
        """Rows, oldest first; `channel` may be a prefix (`job:`). A payload that was deleted is {}."""
        with self.database.read() as db:
            found = db.scalars(select(OutboxRow).order_by(OutboxRow.created_at, OutboxRow.id)).all()
        return [
            self._opened(row)
            for row in found
            if (channel is None or row.channel.startswith(channel)) and (state is None or row.state == state)
        ]

    def _opened(self, row: OutboxRow) -> SimpleNamespace:
        facts = {column.key: getattr(row, column.key) for column in OutboxRow.__table__.columns}
        facts["payload"] = json.loads(self.database.vault.decrypt(row.payload)) if row.payload else {}
        return SimpleNamespace(**facts)

    def emails(self, to: str | None = None) -> list[dict[str, Any]]:
        """The payloads of e-mails: to, subject, text, html, attachments."""
        return [row.payload for row in self.rows("email") if to is None or row.payload.get("to") == to]

    def deliver_all(self, rounds: int = 50) -> list[SimpleNamespace]:
        """Runs the worker in this thread until nothing is due. Returns all rows."""
        from app.wiring import wire
        from app.worker import Worker

        worker = Worker(wire(self.database.config, self.database))
        for _ in range(rounds):
            if not worker.run_once(now()):
                return self.rows()
        raise AssertionError(f"The worker still found work after {rounds} rounds.")


class MailServer:
    """An SMTP server. `mails` are the messages it accepted; `answer` decides its reply to a recipient."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer: Callable[[str], str] = lambda recipient: "250 OK"
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=10)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        smtp_reply = self.answer(address)
        if smtp_reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return smtp_reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop(no_assert=True)


@dataclass
class Got:
    """A request that a receiver was sent."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer of a receiver: status, headers, `body` or `size` bytes, sent `after` so many seconds."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    after: float = 0.0
    body: bytes = b""


class Receiver:
    """A webhook receiver on 127.0.0.1. It gives its `replies` in turn and repeats the last one.

    The app reaches it only with a Config whose `webhook_allowed_networks` holds 127.0.0.0/8.
    """

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.replies: list[Reply] = [Reply()]
        self._changed = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._take(self)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def wait_for(self, number: int, seconds: float = 10.0) -> list[Got]:
        """Waits until that many requests have arrived. Returns them."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.got) >= number, seconds)
        assert arrived, f"{len(self.got)} of {number} requests came within {seconds:g} seconds."
        return list(self.got)

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        with self._changed:
            self.got.append(Got(request.path, {k.lower(): v for k, v in request.headers.items()}, body))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            self._changed.notify_all()
        time.sleep(reply.after)
        try:
            request.send_response(reply.status)
            content = reply.body or b"x" * reply.size
            for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(content)
        except OSError:
            pass  # the caller has closed the connection

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
