"""Flask's session cookie, signed by a signer that a clock which steps back does not void."""

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from app.kernel.signing import Signer


class SessionInterface(SecureCookieSessionInterface):
    """The session in a signed cookie."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's own serializer, with our signer. Cookies that were signed before stay valid."""
        serializer: URLSafeTimedSerializer | None = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = Signer
        return serializer
