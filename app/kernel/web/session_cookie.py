"""Flask's session cookie, signed by a signer that a clock which steps back does not void."""

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from app.kernel.addresses import is_api
from app.kernel.signing import Signer

UNREADABLE = "\xbf"
"""Stands for a header that is not ASCII, which the server hands on without a value. Left out, it would count as not
sent."""


def is_unreadable() -> bool:
    """Whether the browser sends a cookie that hides all others: one of another site of the domain, with letters that
    are not ASCII."""
    return UNREADABLE in request.headers.get("Cookie", "")


class SessionInterface(SecureCookieSessionInterface):
    """The session in a signed cookie, which the answers to HEAD, OPTIONS and TRACE never set. The API has none."""

    _kept: tuple[tuple[object, ...], URLSafeTimedSerializer | None] = ((), None)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the request; None under the API, where Flask then makes one that nothing can be written to."""
        return None if is_api(request.path) else super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's own serializer, with our signer, made once. Cookies that were signed before stay valid."""
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if self._kept[0] != keys:
            serializer: URLSafeTimedSerializer | None = super().get_signing_serializer(app)
            if serializer is not None:
                serializer.signer = Signer
            self._kept = keys, serializer
        return self._kept[1]

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Sets the cookie when the session has changed. What has no page needs no token of a form."""
        if request.method not in ("HEAD", "OPTIONS", "TRACE"):
            super().save_session(app, session, response)
