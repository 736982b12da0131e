"""Settings from the environment, read once at start-up.

Every name is listed in docs/operating.md. Production means that PUBLIC_BASE_URL is https: then nothing may
be left at a development value, and what is missing is named.
"""

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Network = IPv4Network | IPv6Network

DEVELOPMENT_SECRET = "development-only-secret-key-do-not-use-anywhere-else"
DEVELOPMENT_ENCRYPTION_KEY = "ZGV2ZWxvcG1lbnQtb25seS1lbmNyeXB0aW9uLWtleSE="
DEVELOPMENT_PEPPER = "development-only-otp-pepper"


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(WEEKDAYS)
_HOURS = re.compile(
    rf"(?P<first>{_DAY})(?:-(?P<last>{_DAY}))? "
    r"(?P<opens>(?:[01]\d|2[0-3]):[0-5]\d)-(?P<closes>(?:[01]\d|2[0-3]):[0-5]\d|24:00) (?P<zone>[A-Za-z0-9_+/-]+)",
    re.ASCII | re.IGNORECASE,
)


class ConfigError(Exception):
    """The environment cannot be used; the sentence names what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When the scheduling team works: days of the week (Monday is 0), from and to which minute of the day, where."""

    days: frozenset[int] = frozenset(range(5))
    opens: int = 8 * 60
    closes: int = 18 * 60
    zone: str = "America/New_York"

    def __str__(self) -> str:
        """The hours as the setting writes them."""
        first = next((day for day in sorted(self.days) if (day - 1) % 7 not in self.days), 0)
        days = f"{WEEKDAYS[first]}-{WEEKDAYS[(first + len(self.days) - 1) % 7]}"
        hours = "-".join(f"{edge // 60:02d}:{edge % 60:02d}" for edge in (self.opens, self.closes))
        return f"{days} {hours} {self.zone}"


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one running Session Desk. Field names are the environment names in lower case."""

    database_url: str = "sqlite:///var/session-desk.sqlite3"
    secret_key: tuple[str, ...] = (DEVELOPMENT_SECRET,)
    encryption_keys: tuple[str, ...] = (DEVELOPMENT_ENCRYPTION_KEY,)
    otp_pepper: str = DEVELOPMENT_PEPPER
    public_base_url: str = "http://localhost:8000"
    smtp_url: str = ""
    mail_from: str = "Session Desk <desk@example.com>"
    sms_url: str = ""
    redis_url: str = ""
    tsa_urls: tuple[str, ...] = ()
    tsa_roots: "tuple[Certificate, ...]" = ()
    imap_url: str = ""
    evidence_url: str = "var/evidence"
    c2pa_certificate: str = ""
    c2pa_key: str = ""
    livekit_url: str = ""
    livekit_api_key: str = ""
    livekit_api_secret: str = ""
    ice_servers: str = ""
    webhook_allowed_networks: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    log_level: str = "INFO"
    desk_hours: Hours = Hours()
    desk_promised_hours: float = 8
    testing: bool = False

    @property
    def production(self) -> bool:
        return self.public_base_url.startswith("https://")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """All signing keys, newest first."""
        return self.secret_key

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Reads the environment. Raises ConfigError with one sentence for each thing that is wrong."""
        env = os.environ if environ is None else environ
        wrong: list[str] = []
        found: dict[str, Any] = {}  # settings, of many types
        for name, read in _READERS.items():
            value = env.get(name.upper(), "").strip()
            if not value:
                continue
            try:
                setting = read(value)
            except ValueError as error:
                wrong.append(f"{name.upper()} {error}.")
                continue
            if setting != ():  # a list of nothing but commas is not set either
                found[name] = setting
        if "evidence_url" not in found and (database := found.get("database_url", "")).startswith("sqlite:///"):
            found["evidence_url"] = str(Path(database.removeprefix("sqlite:///")).parent / "evidence")
        for names in TOGETHER:
            missing = [name.upper() for name in names if not found.get(name)]
            if 0 < len(missing) < len(names):
                wrong.append(
                    f"{' and '.join(missing)} must be set as well: {', '.join(map(str.upper, names))} go together."
                )
        config = cls(**found)
        if config.production:
            wrong += development_values(config)
        if wrong:
            raise ConfigError(" ".join(wrong))
        return config

    @classmethod
    def for_tests(cls, **overrides: Any) -> "Config":  # settings
        """A development configuration whose files lie in the temporary folder."""
        base = cls(
            # Of this process alone: what a worker looks for in a store it must not find of another's.
            evidence_url=f"{tempfile.gettempdir()}/session-desk-evidence-{os.getpid()}",
            # Every hour counts, so that no test depends on the hour at which it runs.
            desk_hours=Hours(frozenset(range(7)), 0, 24 * 60, "UTC"),
            desk_promised_hours=24,
            testing=True,
        )
        return replace(base, **overrides)


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part, strict=False) for part in _list(value))
    except ValueError:
        raise ValueError("must be a comma-separated list of networks such as 10.0.0.0/8") from None


def _url(value: str, *schemes: str) -> SplitResult | None:
    """The parts of an address with one of the schemes, a host and a port that is one; None when it is none."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError for what is no port
    except ValueError:
        return None
    return parts if parts.scheme in schemes and parts.hostname else None


def _base_url(value: str) -> str:
    parts = _url(value.rstrip("/"), "http", "https")
    if parts is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be an http or https address without a path such as https://desk.example.com")
    return f"{parts.scheme}://{parts.netloc}"


def _smtp_url(value: str) -> str:
    parts = _url(value, "smtp", "smtps")
    encrypted = parts is not None and (parts.query == "" or (parts.scheme, parts.query) == ("smtp", "starttls"))
    if parts is None or not encrypted or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must be a mail server such as smtp://user:password@mail.example.com:587?starttls")
    return value


def _sender(value: str) -> str:
    from email.utils import getaddresses

    found = getaddresses([value])
    if len(found) != 1 or not re.fullmatch(r"[^\s@]+@[^\s@]+", found[0][1]):
        raise ValueError('must be one sender such as Session Desk <desk@example.com>, a name with a comma in "…"')
    return value


def _server(what: str, *schemes: str) -> Callable[[str], str]:
    """A reader of an address with one of these schemes, which is kept as it was written."""

    def read(value: str) -> str:
        if _url(value, *schemes) is None:
            raise ValueError(f"must be {what}")
        return value

    return read


def _authorities(value: str) -> tuple[str, ...]:
    urls = _list(value)
    for url in urls:
        parts = _url(url, "http", "https")
        if parts is None or not re.fullmatch(r"([0-2](\.[0-9]+)+)?", parts.fragment):
            raise ValueError("must hold http or https addresses, each with # and a policy such as 1.2.3 at the most")
    return urls


def _fernet_keys(value: str) -> tuple[str, ...]:
    from cryptography.fernet import Fernet

    keys = _list(value)
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ValueError("must hold Fernet keys: 32 bytes each, url-safe base64") from None
    return keys


def _certificates(value: str) -> "tuple[Certificate, ...]":
    """The certificates of a PEM file, or of the .pem files of a folder."""
    from cryptography.x509 import load_pem_x509_certificates

    path = Path(value)
    files = sorted(path.glob("*.pem")) if path.is_dir() else [path]
    try:
        found: tuple[Certificate, ...] = tuple(
            each for file in files for each in load_pem_x509_certificates(file.read_bytes())
        )
    except (OSError, ValueError):
        found = ()
    if not found:
        raise ValueError("must name a PEM file of root certificates, or a folder of .pem files")
    return found


def _level(value: str) -> str:
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        raise ValueError("must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return value.upper()


def _hours(value: str) -> Hours:
    found = _HOURS.fullmatch(value)
    if found:
        first, last = (WEEKDAYS.index(name.title()) if name else None for name in found.group("first", "last"))
        opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in found.group("opens", "closes"))
        days = range(first or 0, (first or 0) + ((last if last is not None else first or 0) - (first or 0)) % 7 + 1)
        if opens < closes and found["zone"] in available_timezones():
            return Hours(frozenset(day % 7 for day in days), opens, closes, found["zone"])
    raise ValueError("must be days, hours and a zone such as Mon-Fri 08:00-18:00 America/New_York")


def _promise(value: str) -> float:
    hours = float(value) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", value) else 0
    if hours <= 0:
        raise ValueError("must be a number of hours such as 8")
    return hours


def _imap_url(value: str) -> str:
    parts = _url(value, "imap", "imaps")
    encrypted = parts is not None and (parts.query == "" or (parts.scheme, parts.query) == ("imap", "starttls"))
    if parts is None or not encrypted or not (parts.username and parts.password):
        raise ValueError("must be a mailbox such as imaps://user:password@mail.example.com/INBOX")
    return value


def _store_url(value: str) -> str:
    if "://" in value and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/]+)*/?", value):
        raise ValueError("must be a folder, or s3:// with a bucket and a prefix such as s3://bucket/evidence")
    return value.rstrip("/") or "/"


def _database_url(value: str) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("must start with sqlite:/// or postgresql://")
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("must be an address such as postgresql://user:password@host:5432/name") from None
    if url.drivername == "sqlite" and not url.database:
        raise ValueError("must name a file such as sqlite:////var/lib/session-desk/session-desk.sqlite3")
    return value


_READERS: dict[str, Callable[[str], object]] = {
    "database_url": _database_url,
    "secret_key": _list,
    "encryption_keys": _fernet_keys,
    "otp_pepper": str,
    "public_base_url": _base_url,
    "smtp_url": _smtp_url,
    "mail_from": _sender,
    "sms_url": _server("an http or https address", "http", "https"),
    "redis_url": _server("a Redis server such as redis://:password@redis.example.com:6379/0", "redis", "rediss"),
    "tsa_urls": _authorities,
    "tsa_roots": _certificates,
    "imap_url": _imap_url,
    "evidence_url": _store_url,
    "c2pa_certificate": str,
    "c2pa_key": str,
    "livekit_url": _server("a video server such as wss://video.example.com", "ws", "wss"),
    "livekit_api_key": str,
    "livekit_api_secret": str,
    "ice_servers": str,
    "webhook_allowed_networks": _networks,
    "trusted_proxies": _networks,
    "log_level": _level,
    "desk_hours": _hours,
    "desk_promised_hours": _promise,
}

ENVIRONMENT_NAMES = tuple(name.upper() for name in _READERS)


TOGETHER = (("livekit_url", "livekit_api_key", "livekit_api_secret"), ("c2pa_certificate", "c2pa_key"))
"""Settings of which none does anything without the others."""


def development_values(config: Config) -> list[str]:
    """What is still at its development value although others may come to this installation, a sentence each."""
    faults = []
    if DEVELOPMENT_SECRET in config.secret_key:
        faults.append("SECRET_KEY is missing: production needs its own, at least 32 characters.")
    elif any(len(key) < 32 for key in config.secret_key):
        faults.append("SECRET_KEY is too short: at least 32 characters each.")
    if DEVELOPMENT_ENCRYPTION_KEY in config.encryption_keys:
        faults.append("ENCRYPTION_KEYS is missing: production needs its own Fernet keys.")
    if config.otp_pepper == DEVELOPMENT_PEPPER:
        faults.append("OTP_PEPPER is missing: production needs its own.")
    if not config.smtp_url:
        faults.append("SMTP_URL is missing: production mail must go somewhere.")
    return faults
