"""Flask's session cookie, signed by a signer that a clock which steps back does not void."""

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from app.kernel.signing import Signer

UNREADABLE = "\xbf"
"""Stands for a header that is not ASCII, which the server hands on without a value. Left out, it would count as not
sent."""


def is_unreadable() -> bool:
    """Whether the browser sends a cookie that hides all others: one of another site of the domain, with letters that
    are not ASCII."""
    return UNREADABLE in request.headers.get("Cookie", "")


class SessionInterface(SecureCookieSessionInterface):
    """The session in a signed cookie, which the answers to HEAD, OPTIONS and TRACE never set."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's own serializer, with our signer. Cookies that were signed before stay valid."""
        serializer: URLSafeTimedSerializer | None = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = Signer
        return serializer

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Sets the cookie when the session has changed. What has no page needs no token of a form."""
        if request.method not in ("HEAD", "OPTIONS", "TRACE"):
            super().save_session(app, session, response)
