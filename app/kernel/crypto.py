"""Secrets: tokens, digests and encryption."""

import hashlib
import hmac
import secrets
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.config import Config


def sha256(text: str) -> str:
    """The hex digest of a text. Enough for keys of 128 random bits and more; never for passwords that people choose."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def random_token(nbytes: int = 24, prefix: str = "") -> str:
    """A random URL-safe token; 24 bytes are 192 bits."""
    return prefix + secrets.token_urlsafe(nbytes)


def random_digits(length: int = 6) -> str:
    """A random code of digits."""
    return f"{secrets.randbelow(10**length):0{length}d}"


def same(left: str, right: str) -> bool:
    """Whether two texts are equal, compared in constant time."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


class Vault:
    """Encrypts secrets that must be read again, with ENCRYPTION_KEYS: the newest key encrypts, all keys decrypt."""

    def __init__(self, config: Config) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in config.encryption_keys])
        self._pepper = config.otp_pepper.encode()

    def encrypt(self, text: str) -> str:
        """The text encrypted with the newest key."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text of `encrypt`. Raises ValueError when no key fits or the token was changed."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise ValueError("This was encrypted with a key that is not in ENCRYPTION_KEYS.") from None

    def read(self, token: str | None) -> str:
        """The text of `encrypt`; empty when there is none, or when the present keys do not read it."""
        try:
            return self.decrypt(token) if token else ""
        except ValueError:
            return ""

    def otp_hash(self, invite_id: UUID, code: str) -> str:
        """HMAC-SHA-256 of pepper over invite and code (inspections, "hashed with SHA-256 + pepper at rest")."""
        return hmac.new(self._pepper, f"{invite_id}:{code}".encode(), hashlib.sha256).hexdigest()
