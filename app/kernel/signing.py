"""Signed tokens for links: made with SECRET_KEY, bound to a purpose, optionally expiring."""

from typing import Any

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from app.config import Config
from app.kernel.errors import Invalid


def _serializer(config: Config, purpose: str) -> URLSafeTimedSerializer:
    oldest_first = list(reversed(config.secret_keys))
    return URLSafeTimedSerializer(oldest_first, salt=f"session-desk:{purpose}")


def sign(config: Config, purpose: str, data: object) -> str:
    """A URL-safe token that only this installation can make, valid for this purpose alone."""
    token = _serializer(config, purpose).dumps(data)
    return token if isinstance(token, str) else token.decode()


def unsign(config: Config, purpose: str, token: str, max_age: int | None = None) -> Any:  # any JSON value
    """The data of a token. `max_age` in seconds. Raises Invalid (`link.expired`, `link.invalid`)."""
    try:
        return _serializer(config, purpose).loads(token, max_age=max_age)
    except SignatureExpired:
        raise Invalid("This link has expired. Ask for a new one.", code="link.expired") from None
    except BadData:
        raise Invalid("This link is not complete. Copy all of it from the message.", code="link.invalid") from None
