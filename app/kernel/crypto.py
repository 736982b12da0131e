"""Secrets: making them, hashing them, keeping them."""

import hashlib
import hmac
import secrets
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.config import Config


def sha256(text: str) -> str:
    """Hex digest. Enough for keys of 128 random bits and more; never for what a person chose."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def random_token(nbytes: int = 24, prefix: str = "") -> str:
    """An unguessable url-safe token; 24 bytes are 192 bits."""
    return prefix + secrets.token_urlsafe(nbytes)


def random_digits(length: int = 6) -> str:
    return f"{secrets.randbelow(10**length):0{length}d}"


def same(left: str, right: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


class Vault:
    """Keeps what must be read again. Keys come from ENCRYPTION_KEYS, the newest encrypts, all decrypt."""

    def __init__(self, config: Config) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in config.encryption_keys])
        self._pepper = config.otp_pepper.encode()

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Raises ValueError when no key fits or the text was changed."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise ValueError("This was encrypted with a key that is not in ENCRYPTION_KEYS.") from None

    def otp_hash(self, invite_id: UUID, code: str) -> str:
        """HMAC-SHA-256 of pepper over invite and code (inspections, "hashed with SHA-256 + pepper at rest")."""
        return hmac.new(self._pepper, f"{invite_id}:{code}".encode(), hashlib.sha256).hexdigest()
