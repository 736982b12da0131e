"""An HTTP client for one POST to one checked address: 15 seconds in all, no redirects, no proxy, a short response."""

import contextlib
import http.client
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from app.kernel import clock
from app.kernel.outbox.deadline import Deadline

SECONDS = 15.0
"""Deadline of the whole exchange: resolving, connecting, sending, waiting, reading."""

CONNECT_SECONDS = 5.0
BODY_SECONDS = 2.0
"""Seconds in which the body of a response is read that nobody needs."""
LONGEST_ANSWER = 64 * 1024
EXCERPT = 2048
"""Bytes of a response that are kept when nobody needs it, for whoever looks for a fault."""
INFORMATIONAL = 20
"""Interim responses (100 Continue, 103 Early Hints) that are read before the final one."""


class NoAnswer(Exception):
    """There was no HTTP response; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response of the receiver. `retry_after` is in seconds; `body` is its beginning unless it was wanted."""

    status: int
    retry_after: float | None
    body: bytes = b""


class _FinalResponse(http.client.HTTPResponse):
    """The final response of a server. The library takes 102 and 103 for final, and reads 100 without end."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(INFORMATIONAL + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # the library's own hook
            if not 100 <= status < 200 or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("The receiver sent interim responses without end.")


class _Plain(HTTPConnection):
    """A connection that the deadline makes."""

    response_class = _FinalResponse
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        return self.deadline.connect(self._dns_host, self.port, CONNECT_SECONDS)


class _Secure(HTTPSConnection):
    """The same, encrypted."""

    response_class = _FinalResponse
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        return self.deadline.connect(self._dns_host, self.port, CONNECT_SECONDS)


def post(
    host: str,
    port: int,
    path: str,
    *,
    secure: bool,
    addresses: Sequence[object],
    body: bytes,
    headers: Mapping[str, str],
    seconds: float = SECONDS,
) -> Answer:
    """Sends `body` to the first of `addresses` that accepts a connection; `host` is for TLS and the Host header.

    Raises NoAnswer. Redirects are not followed.
    """
    return _post(host, port, path, secure, addresses, body, headers, Deadline(seconds), 0)


def post_and_read(
    host: str, port: int, path: str, *, secure: bool, body: bytes, headers: Mapping[str, str], seconds: float, most: int
) -> Answer:
    """The same to a host that the operator has chosen; also reads the body, up to one byte more than `most`."""
    return _post(host, port, path, secure, [host], body, headers, Deadline(seconds), most)


def _post(
    host: str,
    port: int,
    path: str,
    secure: bool,
    addresses: Sequence[object],
    body: bytes,
    headers: Mapping[str, str],
    deadline: Deadline,
    most: int,
) -> Answer:
    with deadline:
        connection = _connect(host, port, secure, addresses, deadline)
        try:
            connection.request(
                "POST", path, body=body, headers=dict(headers), preload_content=False, decode_content=False
            )
            response = connection.getresponse()
            deadline.left()  # a header that was cut off looks like one that has ended
            retry_after = _seconds(response.headers.get("retry-after", ""))
            return Answer(response.status, retry_after, _read(connection.sock, response, deadline, most))
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if deadline.over or isinstance(error, TimeoutError):
                raise NoAnswer(f"The receiver did not answer within {deadline.seconds:g} seconds.") from None
            raise NoAnswer("The receiver closed the connection or sent something that is no HTTP answer.") from None
        finally:
            connection.close()


def _connect(
    host: str, port: int, secure: bool, addresses: Sequence[object], deadline: Deadline
) -> HTTPConnection | HTTPSConnection:
    reason = "The receiver took no connection."
    for address in addresses:
        connection = _connection(host, port, secure, str(address))
        connection.deadline = deadline
        try:
            connection.connect()
            # The library sets it again before it waits for the response.
            connection.timeout = deadline.left()
            connection.sock.settimeout(connection.timeout)
            return connection
        except ssl.SSLCertVerificationError as error:
            connection.close()
            reason = f"The receiver's certificate was refused: {error.verify_message}."
        except (HTTPError, OSError, ValueError) as error:
            connection.close()
            reason = _why(error)
        if deadline.over:
            break
    raise NoAnswer(reason)


def _connection(host: str, port: int, secure: bool, address: str) -> _Plain | _Secure:
    if not secure:
        return _Plain(address, port)
    tls = _tls(os.environ.get("SSL_CERT_FILE", ""))
    return _Secure(address, port, ssl_context=tls, server_hostname=host, assert_hostname=host)


@cache
def _tls(trust: str) -> ssl.SSLContext:
    """The machine's trusted certificates, or those of SSL_CERT_FILE."""
    return ssl.create_default_context(cafile=trust or None)


def _why(error: Exception) -> str:
    text = str(error).lower()
    if isinstance(error, ValueError) and "match" in text:
        return "The receiver's certificate is for another name."
    if "certificate" in text:
        return "The receiver's certificate was refused."
    if isinstance(error, ssl.SSLError) or "ssl" in text:
        return "The receiver does not speak TLS as we do."
    if "timed out" in text:
        return f"The receiver took no connection within {CONNECT_SECONDS:g} seconds."
    if "refused" in text:
        return "The receiver refused the connection."
    return "The receiver took no connection."


def _read(sock: socket.socket | None, response: HTTPResponse, deadline: Deadline, most: int) -> bytes:
    """The body, up to one byte more than `most`. Of a body that nobody wants as much is read as keeps the receiver from
    seeing a reset, and the beginning is returned; only the status counts then."""
    if most:
        content = b""
        while len(content) <= most and (piece := response.read1(most + 1 - len(content), decode_content=False)):
            content += piece
        if deadline.over and len(content) <= most:
            raise TimeoutError
        return content
    harmless = contextlib.suppress(HTTPError, http.client.HTTPException, OSError, ValueError)
    excerpt, taken = b"", 0
    with harmless, Deadline(deadline.left(BODY_SECONDS)) as brief:
        if sock is not None:
            brief.watch(sock)
        while taken < LONGEST_ANSWER and (piece := response.read1(LONGEST_ANSWER - taken, decode_content=False)):
            excerpt, taken = (excerpt + piece)[:EXCERPT], taken + len(piece)
    return excerpt


def _seconds(value: str) -> float | None:
    """Retry-After in seconds from now, from a number or a date; None for anything else."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 10**8))
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        at = parsedate_to_datetime(value)
        return max((at - clock.now()).total_seconds(), 0.0) if at.tzinfo else None
    return None
