"""Sends e-mails to the mail server of SMTP_URL. A thread of the worker keeps its connection for the next e-mail."""

import contextlib
import select
import smtplib
import socket
import ssl
import time
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from app.config import Config
from app.kernel.outbox.deadline import Bounded, Deadline
from app.kernel.outbox.outbox import Connections, Delivery, PermanentFailure, TemporaryFailure, one_line

SECONDS = 15.0
"""Deadline of the whole exchange with the mail server."""
QUIT_SECONDS = 2.0
KEPT_SECONDS = 5.0
"""A connection that waited longer for the next message is not used again: servers end idle ones, some in silence."""
MOST_MESSAGES = 100
"""Messages on one connection."""
LONGEST_TALK = 64 * 1024
"""Bytes that a mail server may say in one exchange, or in its part before and after encryption."""
KEPT = "smtp"
"""Under which name a thread keeps its connection."""


def send(mail: EmailMessage, delivery: Delivery) -> None:
    """Hands a message to the mail server. Raises TemporaryFailure or PermanentFailure."""
    deadline = Deadline(SECONDS)
    try:
        with deadline:
            _send(mail, delivery, deadline)
    except smtplib.SMTPRecipientsRefused as refusal:
        code, text = next(iter(refusal.recipients.values()))
        raise _refused(code, text) from None
    except (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError) as refusal:
        raise TemporaryFailure(
            f"The mail server did not let us in ({refusal.smtp_code}).", status=refusal.smtp_code
        ) from None
    except smtplib.SMTPResponseException as refusal:
        raise _refused(refusal.smtp_code, refusal.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise PermanentFailure("The mail server does not support the characters of this address.") from None
    except (smtplib.SMTPException, OSError) as error:
        # smtplib reports a time-out while reading as a lost connection.
        if deadline.over or isinstance(error, TimeoutError) or "timed out" in str(error):
            raise TemporaryFailure(f"The mail server did not answer within {deadline.seconds:g} seconds.") from None
        raise TemporaryFailure(f"The connection to the mail server failed ({type(error).__name__}).") from None


def _send(mail: EmailMessage, delivery: Delivery, deadline: Deadline) -> None:
    """Sends over the connection that this thread has kept, if it may be used again, or over a new one.

    A server that refuses another message on a connection, or has ended it, has not got the message: it is asked anew.
    """
    kept = delivery.connections
    server = kept.pop(KEPT, None)
    if isinstance(server, _Server) and server.resume(deadline):
        try:
            return server.hand_over(mail, kept)
        except (smtplib.SMTPException, OSError):
            if server.has_message:
                raise
    _connect(delivery.config, deadline).hand_over(mail, kept)


class _Server(smtplib.SMTP):
    """A connection to a mail server, for one exchange within a deadline, and then for the next; `tls` encrypts from the
    start. What the server says in an exchange is bounded."""

    has_message = False
    """Whether the message of the present exchange was, perhaps, handed over."""

    def __init__(self, deadline: Deadline, host: str, port: int, ours: str | None, tls: ssl.SSLContext | None) -> None:
        self._deadline, self._tls, self._messages, self._used = deadline, tls, 0, 0.0
        super().__init__(host, port, ours)

    def hand_over(self, mail: EmailMessage, kept: Connections) -> None:
        """Sends a message, and keeps the connection for the next one."""
        try:
            sender, recipient = (mail[name].addresses[0].addr_spec for name in ("From", "To"))
            self.send_message(mail, sender, [recipient])
        except BaseException:
            self.close()
            raise
        self._messages, self._used = self._messages + 1, time.monotonic()
        kept[KEPT] = self

    def resume(self, deadline: Deadline) -> bool:
        """Begins another exchange. False when the connection should not be used any more, which ends it."""
        assert self.sock is not None, "it was kept after a message"
        if self._messages >= MOST_MESSAGES or time.monotonic() - self._used > KEPT_SECONDS:
            self.end()
            return False
        waiting = select.poll()
        waiting.register(self.sock, select.POLLIN)
        if waiting.poll(0):  # that it was ended: nothing else is said unasked
            self.close()
            return False
        self.has_message = False
        self.sock.settimeout(deadline.left())
        deadline.watch(self.sock)
        if isinstance(self.file, Bounded):
            self.file.allow(LONGEST_TALK)
        return True

    def data(self, msg: Any) -> tuple[int, bytes]:  # as the library has it
        """DATA, and what follows it."""
        self.has_message = True
        return super().data(msg)

    def end(self) -> None:
        """QUIT. Every message is accepted already: a server that hangs here must not cause another attempt."""
        with contextlib.suppress(smtplib.SMTPException, OSError), Deadline(QUIT_SECONDS) as deadline:
            if self.sock is not None:
                self.sock.settimeout(QUIT_SECONDS)
                deadline.watch(self.sock)
            self.quit()
        self.close()

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        sock = self._deadline.connect(host, port, self._deadline.seconds)
        return sock if self._tls is None else self._tls.wrap_socket(sock, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        """The reply of the server."""
        if self.file is None and self.sock is not None:
            self.file = Bounded(self.sock.makefile("rb"), LONGEST_TALK)
        return super().getreply()

    def encrypt(self) -> None:
        """STARTTLS, with a certificate that fits."""
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left())
        self.starttls(context=ssl.create_default_context())


def _connect(config: Config, deadline: Deadline) -> _Server:
    """Connects to SMTP_URL: smtp:// or smtps://, with user and password if needed; `?starttls` requires encryption."""
    url = urlsplit(config.smtp_url)
    host = url.hostname or "localhost"
    ours = urlsplit(config.public_base_url).hostname
    tls = ssl.create_default_context() if url.scheme == "smtps" else None
    server = _Server(deadline, host, url.port or (465 if tls else 25), ours, tls)
    try:
        if "starttls" in parse_qs(url.query, keep_blank_values=True):
            server.encrypt()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except smtplib.SMTPNotSupportedError:
        server.close()
        raise TemporaryFailure(
            "The mail server does not offer the encryption or sign-in that SMTP_URL asks for."
        ) from None
    except BaseException:
        server.close()
        raise
    return server


def _refused(code: int, answer: bytes | str) -> PermanentFailure | TemporaryFailure:
    """5xx is permanent, 4xx is not (RFC 5321 §4.2.1). The answer of the server is shown to staff as plain text."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    sentence = f"The mail server refused it: {code} {one_line(text)[:200]}"
    return PermanentFailure(sentence, code) if 500 <= code < 600 else TemporaryFailure(sentence, status=code)
