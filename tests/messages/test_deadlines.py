"""Whatever the other side does, an exchange on the network ends; interim responses are no answer."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from app.config import Config
from app.inspections import anchors
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import deadline, http_client, smtp, ssrf
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.outbox.sms import text_message
from tests.messages.sending import promise, row_of, worker

Talk = Callable[[socket.socket, threading.Event], None]
SECONDS = 0.6
GIVEN_UP = "The receiver did not answer within 0.6 seconds."


@contextmanager
def talking(talk: Talk) -> Iterator[int]:
    """A port at which every caller is talked to like that, until the block ends."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(caller,), daemon=True).start()

        def answer(caller: socket.socket) -> None:
            with caller, contextlib.suppress(OSError):  # the caller has hung up
                talk(caller, over)

        listening = threading.Thread(target=serve, daemon=True)
        listening.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            # Closing alone would leave it waiting, and it could take a caller of the next one, which has its number.
            listener.shutdown(socket.SHUT_RDWR)
            listening.join()


def drip(text: bytes, pause: float = 0.05) -> Talk:
    """Says a byte at a time, and then the last one again and again."""

    def talk(caller: socket.socket, over: threading.Event) -> None:
        for byte in text + text[-1:] * 10_000:
            caller.sendall(bytes([byte]))
            if over.wait(pause):
                return

    return talk


def endless(start: bytes, line: bytes) -> Talk:
    """Says a line again and again, as fast as it is taken."""

    def talk(caller: socket.socket, over: threading.Event) -> None:
        caller.sendall(start)
        while not over.is_set():
            caller.sendall(line * 100)

    return talk


def after(*texts: bytes, then: Talk) -> Talk:
    """Says one thing after each line of the caller, and then goes on otherwise."""

    def talk(caller: socket.socket, over: threading.Event) -> None:
        lines = caller.makefile("rb")
        for number, each in enumerate(texts):
            if number:
                lines.readline()
            caller.sendall(each)
        then(caller, over)

    return talk


def read_request(caller: socket.socket) -> None:
    """Reads all of a request: what is left unread when a connection closes makes the system cut the answer off."""
    lines, length = caller.makefile("rb"), 0
    while (line := lines.readline()).strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    lines.read(length)


def once(answer: bytes) -> Talk:
    """Reads a request and says this."""

    def talk(caller: socket.socket, over: threading.Event) -> None:
        read_request(caller)
        caller.sendall(answer)
        caller.shutdown(socket.SHUT_WR)
        over.wait(5)

    return talk


@pytest.fixture
def sender(worker_databases: Any) -> Iterator[Callable[..., Database]]:
    """A database whose worker sends as these settings say."""
    made: list[Database] = []

    def make(**settings: Any) -> Database:
        allowed = (ip_network("127.0.0.0/8"),)
        config = Config.for_tests(database_url=worker_databases.sqlite(), webhook_allowed_networks=allowed, **settings)
        made.append(Database(config))
        return made[-1]

    yield make
    for database in made:
        database.dispose()


def send(database: Database, message: Message) -> Any:
    (id,) = promise(database, message)
    worker(database).run_once()
    return row_of(database, id)


GREETING = [b"220 here\r\n", b"250 here\r\n", b"250 sender\r\n", b"250 recipient\r\n", b"354 go on\r\n"]


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"220 mail.example.com ready"),
        endless(b"", b"220-more to come\r\n"),
        drip(b"220-a\r\n" * 1000, 0.001),
        after(GREETING[0], then=endless(b"", b"250-more to come\r\n")),
        after(*GREETING, then=drip(b"250 accepted, perhaps")),
        endless(b"220 ", b"x" * 100),
    ],
    ids=["drip", "endless", "slow lines", "endless extensions", "after the message", "one line"],
)
def test_a_mail_server_cannot_hold_a_delivery(
    sender: Callable[..., Database], talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "SECONDS", SECONDS)
    with talking(talk) as port:
        database = sender(smtp_url=f"smtp://127.0.0.1:{port}")
        with database.read() as db:
            mail = email_message(db, "password-changed", to="a@example.com", name="A", at="now", link="https://x/")
        row = send(database, mail)
    assert row.state == "queued"
    assert row.attempts == 1
    assert "mail server" in row.last_error


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
INTERIM = {
    "103": (HINTS + OK, "sent", None),
    "102, 100 and 103": (
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + HINTS * 5 + OK,
        "sent",
        None,
    ),
    "then a failure": (HINTS + OK.replace(b"200 OK", b"500 No"), "queued", "500"),
    "nothing after it": (HINTS, "queued", "closed the connection"),
    "without end": (HINTS * 5000, "queued", "no HTTP answer"),
    "100 without end": (b"HTTP/1.1 100 Continue\r\n\r\n" * 5000, "queued", "no HTTP answer"),
    "another protocol": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "queued", "101"),
}


@pytest.mark.parametrize("channel", ["webhook", "sms"])
@pytest.mark.parametrize(("answer", "state", "reason"), INTERIM.values(), ids=list(INTERIM))
def test_interim_responses_are_read_on_to_the_final_one(
    sender: Callable[..., Database],
    monkeypatch: pytest.MonkeyPatch,
    channel: str,
    answer: bytes,
    state: str,
    reason: str | None,
) -> None:
    with talking(once(answer)) as port:
        row = send(*message_to(sender, channel, port, monkeypatch))
    assert row.state == state
    assert row.last_error is None if reason is None else reason in row.last_error


def message_to(
    sender: Callable[..., Database], channel: str, port: int, monkeypatch: pytest.MonkeyPatch, scheme: str = "http"
) -> tuple[Database, Message]:
    """A database, and a message of it to a receiver at a port."""
    if channel == "sms":
        database = sender(sms_url=f"{scheme}://127.0.0.1:{port}/sms")
        with database.read() as db:
            return database, text_message(db, "+1 555 010 4477", "Hello")
    from app.kernel.outbox import webhooks

    monkeypatch.setattr(webhooks, "_key", lambda *_: "k" * 40)
    return sender(), webhooks.notification(f"{scheme}://127.0.0.1:{port}/hook", {"n": 1}, 1)


@pytest.mark.parametrize("channel", ["webhook", "sms"])
@pytest.mark.parametrize(
    "talk",
    [drip(b"HTTP/1.1 200 OK\r\nA: b"), drip(HINTS * 100), endless(b"HTTP/1.1 200 OK\r\n", b"A: " + b"b" * 90)],
    ids=["drip", "dripping hints", "endless header"],
)
def test_a_receiver_cannot_hold_a_delivery(
    sender: Callable[..., Database], talk: Talk, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client.post, "__kwdefaults__", {"seconds": SECONDS})
    with talking(talk) as port:
        row = send(*message_to(sender, channel, port, monkeypatch))
    assert row.state == "queued"
    assert row.last_error in (GIVEN_UP, GIVEN_UP.replace("receiver", "gateway")) or "no HTTP answer" in row.last_error


def test_the_body_of_a_success_may_drip(sender: Callable[..., Database], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "BODY_SECONDS", 0.2)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with talking(after(head, then=drip(b"body"))) as port:
        assert send(*message_to(sender, "webhook", port, monkeypatch)).state == "sent"


def test_a_slow_answer_within_the_deadline_counts(
    sender: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "CONNECT_SECONDS", 0.1)

    def talk(caller: socket.socket, over: threading.Event) -> None:
        read_request(caller)
        over.wait(0.5)
        caller.sendall(OK)

    with talking(talk) as port:
        assert send(*message_to(sender, "webhook", port, monkeypatch)).state == "sent"


@pytest.mark.parametrize(
    "talk", [drip(b"HTTP/1.1 200 OK\r\nA: b"), after(b"HTTP/1.1 200 OK\r\n\r\n", then=drip(b"stamp"))]
)
def test_an_authority_cannot_hold_an_anchor(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "SECONDS", SECONDS)
    with talking(talk) as port, pytest.raises(anchors.Unreachable):
        anchors.ask(f"http://127.0.0.1:{port}/", b"statement", (), now())


HANDSHAKE = b"\x16\x03\x03\x40\x00"
"""The head of a TLS record of 16 KiB, which is read whole before anything in it is believed."""


@pytest.mark.parametrize("channel", ["email", "webhook", "sms", "authority"])
def test_a_handshake_that_drips_is_cut(
    sender: Callable[..., Database], channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encryption puts another socket in the place of the one that was watched."""
    monkeypatch.setattr(smtp, "SECONDS", SECONDS)
    monkeypatch.setattr(http_client.post, "__kwdefaults__", {"seconds": SECONDS})
    monkeypatch.setattr(anchors, "SECONDS", SECONDS)
    started = time.monotonic()
    with talking(drip(HANDSHAKE)) as port:
        if channel == "authority":
            with pytest.raises(anchors.Unreachable):
                anchors.ask(f"https://127.0.0.1:{port}/", b"statement", (), now())
        elif channel == "email":
            database = sender(smtp_url=f"smtps://127.0.0.1:{port}")
            with database.read() as db:
                mail = email_message(db, "password-changed", to="a@example.com", name="A", at="now", link="https://x/")
            assert send(database, mail).state == "queued"
        else:
            row = send(*message_to(sender, channel, port, monkeypatch, scheme="https"))
            assert row.state == "queued"
    assert time.monotonic() - started < 100, "the record takes 800 seconds"


def test_a_resolver_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, look_up = threading.Event(), socket.getaddrinfo

    def hang(*asks: Any, flags: int = 0, **more: Any) -> Any:
        if flags & socket.AI_NUMERICHOST:  # nobody is asked what an address is
            return look_up(*asks, flags=flags, **more)
        return asked.wait(10)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(ssrf, "RESOLVE_SECONDS", 0.1)
    try:
        with pytest.raises(ssrf.Unresolved, match="could not be resolved"):
            ssrf.resolve(ssrf.parse("https://hooks.example.com/", Config.for_tests()), Config.for_tests())
        with pytest.raises(deadline.Overdue), deadline.Deadline(0.1) as brief:
            brief.connect("hooks.example.com", 443, 5)
    finally:
        asked.set()


def test_a_deadline_that_is_kept_cuts_nothing() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with deadline.Deadline(0.05) as brief:
            brief.watch(ours)
        time.sleep(0.1)
        theirs.sendall(b"still here")
        assert ours.recv(100) == b"still here"


def test_one_thread_cuts_every_exchange_when_its_time_is_over() -> None:
    pairs = [socket.socketpair() for _ in range(20)]
    # The first one lasts: who waits for it must hear of those that end before.
    deadlines = [deadline.Deadline(3600.0 if n == 0 else 1.0 - n / 20) for n in range(20)]
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        for (ours, theirs), each in zip(pairs, deadlines, strict=True):
            stack.enter_context(ours), stack.enter_context(theirs)
            stack.enter_context(each).watch(ours)
            time.sleep(0.02)
        assert threading.active_count() <= before + 1, "a thread an exchange"
        for (_, theirs), each in zip(pairs[1:], deadlines[1:], strict=True):
            theirs.settimeout(30)
            assert theirs.recv(1) == b""
            assert each.over
        pairs[0][1].setblocking(False)
        with pytest.raises(BlockingIOError):
            pairs[0][1].recv(1)


def test_a_forked_process_cuts_its_own_exchanges_and_none_of_its_parent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, deadline.Deadline(3600.0) as kept:
        kept.watch(ours)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)  # one that hangs ends
            mine, other = socket.socketpair()
            other.settimeout(30)
            with contextlib.suppress(BaseException), deadline.Deadline(0.05) as brief:
                brief.watch(mine)
                os._exit(0 if other.recv(1) == b"" and not deadline._CUTTER._begun else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        theirs.sendall(b"still here")
        assert ours.recv(20) == b"still here"
