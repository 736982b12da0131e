"""An HTTP client for one POST to one checked address: 15 seconds in all, no redirects, no proxy, a short response."""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from app.kernel import clock

SECONDS = 15.0
"""Deadline of the whole exchange: connecting, sending, waiting, reading."""

CONNECT_SECONDS = 5.0
LONGEST_ANSWER = 64 * 1024


class NoAnswer(Exception):
    """There was no HTTP response; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response of the receiver. `retry_after` is in seconds."""

    status: int
    retry_after: float | None


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
    ends = time.monotonic() + seconds
    connection = _connect(host, port, secure, addresses, ends)
    # Time-outs of sockets begin again with every byte, so a slow sender is cut off from outside.
    cut = threading.Timer(max(ends - time.monotonic(), 0.01), _cut, [connection.sock])
    cut.daemon = True
    cut.start()
    try:
        connection.request("POST", path, body=body, headers=dict(headers), preload_content=False, decode_content=False)
        response = connection.getresponse()
        answer = Answer(response.status, _seconds(response.headers.get("retry-after", "")))
        _read_some(connection.sock, response)
        return answer
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        if time.monotonic() >= ends - 0.05 or isinstance(error, TimeoutError):
            raise NoAnswer(f"The receiver did not answer within {seconds:g} seconds.") from None
        raise NoAnswer("The receiver closed the connection or sent something that is no HTTP answer.") from None
    finally:
        cut.cancel()
        connection.close()


def _connect(
    host: str, port: int, secure: bool, addresses: Sequence[object], ends: float
) -> HTTPConnection | HTTPSConnection:
    reason = "The receiver took no connection."
    for address in addresses:
        left = ends - time.monotonic()
        if left <= 0:
            break
        connection = _connection(host, port, secure, str(address), min(CONNECT_SECONDS, left))
        try:
            connection.connect()
            connection.sock.settimeout(max(ends - time.monotonic(), 0.01))
            return connection
        except ssl.SSLCertVerificationError as error:
            connection.close()
            reason = f"The receiver's certificate was refused: {error.verify_message}."
        except (HTTPError, OSError, ValueError) as error:
            connection.close()
            reason = _why(error)
    raise NoAnswer(reason)


def _connection(host: str, port: int, secure: bool, address: str, timeout: float) -> HTTPConnection | HTTPSConnection:
    if not secure:
        return HTTPConnection(address, port, timeout=timeout)
    return HTTPSConnection(
        address,
        port,
        timeout=timeout,
        ssl_context=_tls(os.environ.get("SSL_CERT_FILE", "")),
        server_hostname=host,
        assert_hostname=host,
    )


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


def _cut(sock: socket.socket) -> None:
    # Not SSLSocket.shutdown, which takes the TLS state away under the thread that is reading.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _read_some(sock: socket.socket | None, response: object) -> None:
    """Reads the beginning of the body, so that the receiver sees no reset; only the status counts."""
    with contextlib.suppress(HTTPError, HTTPException, OSError, ValueError):
        if sock is not None:
            sock.settimeout(2)
        response.read(LONGEST_ANSWER, decode_content=False)  # type: ignore[attr-defined]  # urllib3's response


def _seconds(value: str) -> float | None:
    """Retry-After in seconds from now, from a number or a date; None for anything else."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 10**8))
    with contextlib.suppress(ValueError, TypeError):
        at = parsedate_to_datetime(value)
        return max((at - clock.now()).total_seconds(), 0.0) if at.tzinfo else None
    return None
