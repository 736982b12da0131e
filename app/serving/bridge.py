"""Runs the WSGI app under granian's asynchronous interface (RSGI), so that a slow client never holds a thread.

A request is read whole before the app sees it, within READ_SECONDS for each PACE bytes, and an answer is made whole
before it is sent: granian reads and writes outside Python (docs/decisions/0021-slow-clients.md).
"""

import asyncio
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, TypeVarTuple
from wsgiref.types import WSGIApplication, WSGIEnvironment

import structlog
from werkzeug.exceptions import BadRequest, HTTPException, RequestTimeout, ServiceUnavailable

from app.kernel.addresses import is_api
from app.kernel.api import problems
from app.kernel.db.faults import FULL, fault_of
from app.kernel.errors import Unavailable
from app.kernel.web.session_cookie import UNREADABLE
from app.middleware import BODY_ERROR

READ_SECONDS = 20
"""Seconds in which the next PACE bytes of a body, or its end, have to arrive. Fewer than SHUTDOWN_SECONDS: a body of
fewer than PACE bytes does not outlast a stop."""

PACE = 256 * 1024
"""Bytes. A photo of 5 MB on a line of 1 Mbit/s takes 40 seconds; what comes more slowly than 105 kbit/s is given up."""

BODIES = 64 * 1024 * 1024
"""Bytes that the bodies of all requests may hold in one process. Beyond that only small ones are read."""

SMALL = 64 * 1024

NOTHING_DONE = "Nothing was done. Try again in a few seconds."
UNCERTAIN = "Something went wrong, so we cannot say whether this was done. Look first, then try again in a few seconds."

CROWD = 10
"""So many bodies that broke off or came too late are refused by the app, in words, at once. More are refused in short:
the pages for them would keep everybody waiting."""

IN_MEMORY = 1024 * 1024
"""An answer up to this size is kept in memory until it is sent; a larger one in a temporary file."""

NO_ROOM = (
    "There is no room on the server to put this together, so you get none of it. A shorter list needs less. "
    "Try again in a minute; if it stays so, tell the people who run this site."
)
"""What a large answer says in whose place nothing can be kept."""

FILE_SECONDS = 60
"""Seconds until a sent file is closed here. Granian opens it by itself, at once; that it did is not told."""

log = structlog.get_logger("desk")

Headers = list[tuple[str, str]]
T = TypeVar("T")
A = TypeVarTuple("A")


class Scope(Protocol):
    """The head of a request, as granian's specification of RSGI has it."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any  # granian's own mapping: an entry a line, so that a name can come twice


class Exchange(Protocol):
    """The body of a request, and its answer."""

    def __aiter__(self) -> Any: ...  # of chunks
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_file(self, status: int, headers: Headers, file: str) -> None: ...


class Answer:
    """What the app answers to one request: a status, headers and the pieces of a body."""

    def __init__(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        self.status = 500
        self.headers: Headers = []
        self._written: list[bytes] = []
        self._body = app(environ, self._start)
        self._pieces: Iterator[bytes] = iter(self._body)

    def _start(self, status: str, headers: Headers, _error: object = None, /) -> Callable[[bytes], object]:
        self.status, self.headers = int(status.split(" ", 1)[0]), headers
        return self._written.append

    def read(self, most: int) -> tuple[bytes, bool]:
        """At least `most` bytes of the rest, or all of it; and whether there is more. Closes what has ended."""
        taken, self._written = self._written, []
        size = sum(map(len, taken))
        try:
            for piece in self._pieces:
                taken.append(piece)
                size += len(piece)
                if size >= most:
                    return b"".join(taken), True
        except BaseException:
            self.close()
            raise
        self.close()
        return b"".join(taken), False

    def close(self) -> None:
        if close := getattr(self._body, "close", None):
            close()


class Bridge:
    """An RSGI application around a WSGI application that works on `threads` requests at once.

    One thread is the event loop's own: handing a request over to another one costs 0.2 ms. Bodies and answers go on
    meanwhile, because granian has threads outside Python for them.

    `largest` says how large a body may be at a path. Of a larger one nothing is read; the app refuses it by its length.
    """

    def __init__(self, app: WSGIApplication, *, threads: int, largest: Callable[[str], int]) -> None:
        self._app, self._largest = app, largest
        self._pool = ThreadPoolExecutor(threads, "request") if threads > 1 else None
        self._buffered = 0
        self._refusing = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        environ = environ_of(scope, multithread=self._pool is not None)
        body = bytearray()
        try:
            if most := self._most(environ):
                await self._read(environ, exchange, most, body)
            if error := environ.get(BODY_ERROR):
                await self._refuse(environ, exchange, error)
            else:
                await self._answer(environ, exchange)
        except Exception as error:
            await self._answer_otherwise(scope, exchange, error)
        finally:
            self._buffered -= len(body)

    # The request ------------------------------------------------------------------------------------------------

    def _most(self, environ: WSGIEnvironment) -> int:
        """How large the body can be; 0 when none is to be read."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        if not length and not chunked:
            return 0  # as most requests; where the path leads is not looked up for them
        most = self._largest(environ["PATH_INFO"])
        if chunked:
            return most
        return length if length <= most else 0

    async def _read(self, environ: WSGIEnvironment, exchange: Exchange, most: int, body: bytearray) -> None:
        """Fills `body` and hands it to the app, or the reason why it did not arrive whole."""
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None) is not None
        empty = 0
        error: HTTPException | None = None
        try:
            async with asyncio.timeout(READ_SECONDS) as deadline:
                async for chunk in exchange:
                    if (len(body) + len(chunk)) // PACE > len(body) // PACE:
                        deadline.reschedule(self._loop.time() + READ_SECONDS)
                    body += chunk
                    self._buffered += len(chunk)
                    empty += not chunk
                    if len(body) > most:
                        break  # Only chunks can be that many; the app refuses them by their length.
                    if self._buffered > BODIES and len(body) > SMALL:
                        error = ServiceUnavailable(retry_after=READ_SECONDS)
                        break
        except TimeoutError:
            error = RequestTimeout()
        # Granian ends a whole body with one empty chunk and a broken one with two. It does that with one that has
        # trailers, too, which clients do not send.
        if (empty > 1) if chunked else (len(body) < most):
            error = error or BadRequest()
        if error:
            self._buffered -= len(body)
            body.clear()
        environ[BODY_ERROR] = error
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))

    # The answer -------------------------------------------------------------------------------------------------

    async def _refuse(self, environ: WSGIEnvironment, exchange: Exchange, error: HTTPException) -> None:
        """Answers a request whose body did not arrive."""
        self._refusing += 1
        try:
            await asyncio.sleep(0)  # those that come at the same time are counted first
            if self._refusing <= CROWD:
                await self._answer(environ, exchange)
            else:
                log.info("body refused", method=environ["REQUEST_METHOD"], status=error.code)
                answer_in_short(exchange, environ["PATH_INFO"], error.code or 503, NOTHING_DONE)
        finally:
            self._refusing -= 1

    async def _answer(self, environ: WSGIEnvironment, exchange: Exchange) -> None:
        """Answers the request. A large answer is made piece by piece: other requests have their turns between."""
        answer, body, more = await self._run(self._begin, environ, IN_MEMORY)
        if not more:
            exchange.response_bytes(answer.status, answer.headers, body)
            return
        file = tempfile.TemporaryFile()  # noqa: SIM115  # closed later than this function ends
        try:
            file.write(body)
            while more:
                await asyncio.sleep(0)
                body, more = await self._run(answer.read, IN_MEMORY)
                file.write(body)
            file.flush()
        except BaseException:
            with contextlib.suppress(OSError):  # what was not written yet is written now, or not
                file.close()
            await self._run(answer.close)
            raise
        headers = [header for header in answer.headers if header[0].lower() != "content-length"]
        headers.append(("Content-Length", str(file.tell())))
        exchange.response_file(answer.status, headers, f"/dev/fd/{file.fileno()}")
        self._loop.call_later(FILE_SECONDS, file.close)

    async def _answer_otherwise(self, scope: Scope, exchange: Exchange, error: Exception) -> None:
        """Answers in place of an answer that broke while it was made: Flask answers for all that its views raise."""
        log.error("answer broke", kind=type(error).__name__, exc_info=error)
        if fault_of(error) is not FULL:
            answer_in_short(exchange, scope.path, 503, UNCERTAIN)
            return
        environ = environ_of(scope, multithread=self._pool is not None)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ |= {"CONTENT_LENGTH": "0", BODY_ERROR: Unavailable(NO_ROOM, headers={"Retry-After": "60"})}
        answer, body, _ = await self._run(self._begin, environ, sys.maxsize)
        exchange.response_bytes(answer.status, answer.headers, body)

    def _begin(self, environ: WSGIEnvironment, most: int) -> tuple[Answer, bytes, bool]:
        answer = Answer(self._app, environ)
        return answer, *answer.read(most)

    async def _run(self, job: Callable[[*A], T], *arguments: *A) -> T:
        """The result of `job` in a thread for the app."""
        if self._pool is None:
            return job(*arguments)
        return await self._loop.run_in_executor(self._pool, job, *arguments)


def answer_in_short(exchange: Exchange, path: str, status: int, sentence: str) -> None:
    """Answers without the app, in the form that is read at the path."""
    headers = [("Cache-Control", "no-store"), ("Retry-After", "5")]
    if is_api(path):
        headers.append(("Content-Type", problems.CONTENT_TYPE))
        body = problems.bare(status, sentence)
    else:
        headers.append(("Content-Type", "text/plain"))
        body = f"{sentence}\n".encode()
    exchange.response_bytes(status, headers, body)


def environ_of(scope: Scope, *, multithread: bool) -> WSGIEnvironment:
    """The WSGI environ of a request without its body (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": multithread,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    read = scope.headers.items()
    known = {name for name, _ in read}
    for name, value in (*read, *((name, UNREADABLE) for name in scope.headers if name not in known)):
        if "_" in name:
            continue  # In an environ it could not be told from the header with a hyphen, which a proxy has checked.
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ.setdefault(key, value)
            continue
        key = f"HTTP_{key}"
        if key in environ:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
        else:
            environ[key] = value
    return environ
