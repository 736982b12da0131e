"""Who calls an API, as routing and handlers see it. app/accounts/api_auth.py has the three authenticators."""

from datetime import datetime
from typing import Any, Protocol

from app.kernel.db.engine import Db
from app.kernel.json_types import JsonObject


class Credential(Protocol):
    """The key that authenticated a call."""

    @property
    def id(self) -> int: ...
    @property
    def scopes(self) -> frozenset[str]: ...
    @property
    def read_at(self) -> datetime | None: ...


class Organization(Protocol):
    """The organization of a credential."""

    @property
    def id(self) -> int: ...
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def plan(self) -> str: ...
    @property
    def billing(self) -> str: ...
    @property
    def self_service(self) -> bool: ...
    @property
    def locale(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def contact_email(self) -> str: ...
    @property
    def decision_emails(self) -> bool: ...


class Caller(Protocol):
    """The result of authentication."""

    @property
    def credential(self) -> Credential: ...
    @property
    def organization(self) -> Organization: ...


class Authenticator(Protocol):
    """Authenticates the calls of one API; app/accounts/api_auth.py has the three."""

    scheme_name: str
    scheme: JsonObject

    def recognizes(self, authorization: str | None) -> bool:
        """Whether this has the form of its credentials, whoever it may belong to."""
        ...

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Caller: ...

    # `Any`: each authenticator limits the callers that it has made itself.
    def limits(self, caller: Any) -> list[tuple[str, int]]: ...
