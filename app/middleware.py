"""Around every request: request ids, the check that a form comes from this site, security headers, the access log."""

import ipaddress
import re
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from random import getrandbits
from types import TracebackType
from typing import IO
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request, Response, current_app, request

from app.config import Config
from app.kernel.addresses import is_api
from app.kernel.current import notes, the_request
from app.kernel.db.transaction import SAFE
from app.kernel.errors import Denied
from app.kernel.web import visitors
from app.logs import write_access

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
PARTS_OF_PAGES = ("text/css", "text/javascript", "font/")
"""Types that browsers never show as a document: of the headers only the one that fixes the type means anything there. A
first visit loads forty of them."""
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"

BODY_ERROR = "desk.body_error"
"""The key of the environ under which a server says why a request is not served: its body did not arrive whole, or its
answer has no room."""


class WholeRequest(Request):
    """A request whose body is in memory already (serving/bridge.py): the files of a small form are read there too, and
    need no room in the temporary folder."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if total_content_length is not None and total_content_length <= current_app.config["MAX_CONTENT_LENGTH"]:
            return BytesIO()
        return super()._get_file_stream(total_content_length, content_type, filename, content_length)


def install(app: Flask, config: Config) -> None:
    """Puts the middleware around the app."""
    app.request_class = WholeRequest
    app.before_request(_assign_request_id)
    app.before_request(_check_body)
    app.before_request(_check_origin)
    app.after_request(_answer_options)
    app.after_request(_finish)
    inner = PlainAddresses(SecurityHeaders(app.wsgi_app))
    app.wsgi_app = TrustedProxies(inner, config)  # type: ignore[method-assign]  # the documented way to wrap


def _assign_request_id() -> None:
    noted = notes()
    noted.request_id = f"{getrandbits(128):032x}"  # nothing depends on its being secret
    noted.started = time.perf_counter()


def _check_body() -> None:
    """Refuses a request whose body did not arrive whole: nothing may be done on half of it.

    A page that takes files takes larger bodies than the others (`takes`).
    """
    request = the_request()
    if request.endpoint and (most := getattr(current_app.view_functions[request.endpoint], "largest_body", 0)):
        request.max_content_length = most
    if error := request.environ.get(BODY_ERROR):
        raise error


def _check_origin() -> None:
    """Refuses unsafe page requests that come from another site; the CSRF token is checked besides.

    Browsers send `Origin: null` with the forms of our own pages, because these send no Referer. So does a page in a
    sandbox, or on another site: it is taken only beside Sec-Fetch-Site, which tells them apart.
    """
    request = the_request()
    if request.method in SAFE or is_api(request.path):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = site is not None and site not in ("same-origin", "none")
    if origin == "null":
        # On a visitor page the signed link keeps other sites out; phones of some years ago send no Sec-Fetch-Site.
        elsewhere = site is None and not visitors.on_visitor_page()
    else:
        elsewhere = origin is not None and origin.rstrip("/") not in _own_origins()
    if foreign or elsewhere:
        raise Denied("This was sent from another site. Nothing was done. Open the page here and try again.")


def _own_origins() -> tuple[str, str]:
    """The origin in the request, and the one that people use, of which a proxy may pass on another Host."""
    config: Config = current_app.extensions["config"]
    parts = urlsplit(config.public_base_url)
    usual = parts.port in (None, {"http": 80, "https": 443}[parts.scheme])
    host = parts.netloc.rpartition(":")[0] if usual and parts.port else parts.netloc
    return request.host_url.rstrip("/"), f"{parts.scheme}://{host.lower()}"


def _answer_options(response: Response) -> Response:
    """Answers OPTIONS under the API with 204 and Allow. There is no CORS, because keys do not belong in browsers."""
    request = the_request()
    if request.method == "OPTIONS" and is_api(request.path) and response.status_code == 200:
        response.status_code = 204
        response.set_data(b"")
        response.headers.pop("Content-Type", None)
    return response


def _finish(response: Response) -> Response:
    if the_request().endpoint != "static":
        noted = notes()
        response.headers["X-Request-Id"] = noted.get("request_id", "")
        response.headers.setdefault("Cache-Control", "no-store")
        now = time.perf_counter()
        write_access(response.status_code, round((now - noted.get("started", now)) * 1000, 1))
    return response


class SecurityHeaders:
    """Adds the security headers that an answer does not bring itself; beneath Flask, where that costs least."""

    FIXED = tuple((name.lower(), (name, value)) for name, value in HEADERS.items())
    SMALL = tuple(one for one in FIXED if one[0] == "x-content-type-options")
    STRICT = ("strict-transport-security", ("Strict-Transport-Security", STRICT_TRANSPORT))

    def __init__(self, inner: WSGIApplication) -> None:
        self.inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        strict = (self.STRICT,) if environ["wsgi.url_scheme"] == "https" else ()

        def start_with_headers(
            status: str, headers: list[tuple[str, str]], error: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            present = {name.lower(): value for name, value in headers}
            fixed = self.SMALL if present.get("content-type", "").startswith(PARTS_OF_PAGES) else self.FIXED
            added = [one for name, one in (*fixed, *strict) if name not in present]
            return start_response(status, headers + added, error)

        return self.inner(environ, start_with_headers)


class PlainAddresses:
    """Reads an API's address with doubled slashes, which programs get by putting it together, as the plain one.

    A redirect would not do: many programs do not follow one, some drop their credential, and behind a proxy that is not
    trusted it would lead the credential to an address without TLS.
    """

    def __init__(self, inner: WSGIApplication) -> None:
        self.inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if "//" in path and is_api(path):
            environ["PATH_INFO"] = re.sub("/+", "/", path)
        return self.inner(environ, start_response)


class TrustedProxies:
    """Reads X-Forwarded-For and X-Forwarded-Proto, but only from TRUSTED_PROXIES."""

    def __init__(self, inner: WSGIApplication, config: Config) -> None:
        self.inner, self.trusted = inner, config.trusted_proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.trusted and self._is_proxy(environ.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
            while hops and self._is_proxy(hops[-1]):
                hops.pop()
            if hops and _address(hops[-1]) is not None:
                environ["REMOTE_ADDR"] = hops[-1]
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return self.inner(environ, start_response)

    def _is_proxy(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(
            address.version == network.version and address in network for network in self.trusted
        )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
