"""A mailbox on an IMAP server, within one deadline. Imported by what reads mail alone, with its library."""

import contextlib
import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox

from app.kernel.outbox.deadline import Bounded, Deadline

CONNECT_SECONDS = 15.0
"""Seconds that each address of the server has to take the connection."""


class _Client(imaplib.IMAP4):
    """The library's client, whose socket ends with the deadline and which reads a bounded number of bytes."""

    def __init__(self, deadline: Deadline, most: int, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._deadline, self._most, self._tls = deadline, most, tls
        super().__init__(host, port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connects, and encrypts where that comes first."""
        self.host, self.port = host, port
        self.sock = self._deadline.connect(host, port, timeout or CONNECT_SECONDS)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=host)
        self._bound()

    def encrypt(self) -> None:
        """STARTTLS, with a certificate that fits."""
        self.starttls(ssl.create_default_context())
        self._bound()

    def _bound(self) -> None:
        self.file = Bounded(self.sock.makefile("rb"), self._most)  # type: ignore[assignment]  # all of a file that the library uses


class _Box(BaseMailBox):
    def __init__(self, client: _Client) -> None:
        self._given = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._given


@contextmanager
def signed_in(url: str, seconds: float, most: int) -> Iterator[BaseMailBox]:
    """The mailboxes that IMAP_URL names, for so many seconds and bytes. Raises OSError and imaplib.IMAP4.error.

    The password is given to a server over TLS only when somebody vouches for its certificate.
    """
    parts = urlsplit(url)
    tls = ssl.create_default_context() if parts.scheme == "imaps" else None
    with Deadline(seconds) as deadline, contextlib.ExitStack() as closing:
        client = _Client(deadline, most, parts.hostname or "", parts.port or (993 if tls else 143), tls)
        closing.callback(_close, client)
        if parts.query == "starttls":
            client.encrypt()
        box = _Box(client)
        box.login(unquote(parts.username or ""), unquote(parts.password or ""), initial_folder=None)
        yield box
        box.logout()


def _close(client: _Client) -> None:
    with contextlib.suppress(OSError):
        client.shutdown()
