"""Signed tokens for links: made with SECRET_KEY, bound to a purpose, optionally expiring."""

from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from app.config import Config
from app.kernel.errors import Invalid


class Signer(TimestampSigner):
    """A signer whose tokens outlive a clock that steps back.

    The library refuses a token that seems to come from the future: a step of one hour would void, for an hour, what was
    signed in the hour before.
    """

    # `Any`: with or without the timestamp, as the library declares it.
    def unsign(self, value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        """The signed text, and with `return_timestamp` when it was signed. Raises SignatureExpired when it is older."""
        text, signed_at = super().unsign(value, return_timestamp=True)
        if max_age is not None and self.get_timestamp() - int(signed_at.timestamp()) > max_age:
            raise SignatureExpired("The signature is too old.", payload=text, date_signed=signed_at)
        return (text, signed_at) if return_timestamp else text


def _serializer(config: Config, purpose: str) -> URLSafeTimedSerializer:
    oldest_first = list(reversed(config.secret_keys))
    return URLSafeTimedSerializer(oldest_first, salt=f"session-desk:{purpose}", signer=Signer)


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


def signed_at(config: Config, purpose: str, token: str) -> int:
    """When a token was made, in whole seconds since 1970. Raises Invalid."""
    try:
        _, moment = _serializer(config, purpose).loads(token, return_timestamp=True)
    except BadData:
        raise Invalid("This link is not complete. Copy all of it from the message.", code="link.invalid") from None
    return int(moment.timestamp())
