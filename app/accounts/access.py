"""Access to pages: closed by default, decided before the view runs.

`@allow(Role.…)` sets the roles on the view, `@public` opens a page to people without an account, and an endpoint with
neither is closed. `me()` is the person who is signed in. The rows that they may see are their `Scope`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from flask import g, has_request_context, request
from flask_login import current_user

from app.accounts import roles as rules
from app.accounts.roles import Grant, Role
from app.accounts.rules import proof_counts
from app.accounts.scope import Scope as Scope  # views import it from here
from app.kernel.changes.events import Actor
from app.kernel.errors import Denied, Unauthorized

View = TypeVar("View", bound=Callable[..., object])

PUBLIC = "public"
SIGNED_OUT = "You are not signed in. Nothing was changed. Sign in and try again."


def allow(*roles: Role) -> Callable[[View], View]:
    """Opens a page to signed-in people with one of these roles; `allow()` to everyone who is signed in."""

    def mark(view: View) -> View:
        view.allowed = frozenset(roles)  # type: ignore[attr-defined]  # read by the guard and by tests
        return view

    return mark


def public(view: View) -> View:
    """Opens a page to people without an account."""
    view.allowed = PUBLIC  # type: ignore[attr-defined]  # read by the guard and by tests
    return view


def unsettled(view: View) -> View:
    """Opens a page also to people who must set up a second factor first."""
    view.unsettled = True  # type: ignore[attr-defined]  # read by the guard
    return view


class Me:
    """The current user. `get_id` is the token of this sign-in.

    `factor_wanted_by` names the organization that requires a second factor while the person has none, `closed_in` one
    that is closed, where the person had a role.
    """

    is_authenticated = True
    is_active = True
    is_anonymous = False

    __slots__ = (
        "closed_in",
        "email",
        "factor_wanted_by",
        "grants",
        "id",
        "locale",
        "name",
        "proved_at",
        "roles",
        "second_factor",
        "sign_in_id",
        "single_keys",
        "split_desks",
        "theme",
        "time_zone",
        "token",
        "undo_seconds",
    )

    def __init__(
        self,
        *,
        id: int,
        name: str,
        email: str,
        time_zone: str,
        locale: str,
        theme: str,
        single_keys: bool,
        undo_seconds: int,
        grants: Iterable[Grant],
        sign_in_id: int,
        token: str,
        split_desks: Iterable[str] = (),
        second_factor: bool = False,
        factor_wanted_by: str = "",
        closed_in: str = "",
        proved_at: datetime | None = None,
    ) -> None:
        self.id, self.name, self.email = id, name, email
        self.time_zone, self.locale, self.theme, self.single_keys = time_zone, locale, theme, single_keys
        self.undo_seconds = undo_seconds
        self.split_desks = frozenset(split_desks)
        self.grants = tuple(grants)
        self.roles = frozenset(grant.role for grant in self.grants)
        self.sign_in_id, self.token = sign_in_id, token
        self.second_factor, self.factor_wanted_by, self.proved_at = second_factor, factor_wanted_by, proved_at
        self.closed_in = closed_in

    def get_id(self) -> str:
        return self.token

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks that this person may view, in the order of the navigation."""
        return tuple(desk for desk in rules.DESKS if self.roles & rules.READERS[desk])

    @property
    def why_no_desk(self) -> str:
        """Why no desk is open to this person."""
        if self.closed_in:
            return f"{self.closed_in} is closed here, and your role was in it. Ask those who run this site."
        return "Your account has no role yet. Ask an administrator for one."

    def proven(self, now: datetime) -> bool:
        """Whether this person has proved their identity recently enough to change how they sign in."""
        return self.proved_at is not None and proof_counts(self.proved_at, now)

    @property
    def administers(self) -> bool:
        return Role.ADMIN in self.roles

    def scope(self, desk: str, write: bool = False) -> Scope:
        """The rows that this person may see at a desk, or with `write` the rows that they may act on."""
        wanted = rules.WRITERS[desk] if write else rules.READERS[desk]
        return rules.scope_of(self.grants, wanted)

    def may(self, desk: str, write: bool = True, organization_id: int | None = None) -> bool:
        """Whether this person may act (without `write`: look) at a desk; with an organization, on its rows."""
        scope = self.scope(desk, write)
        if organization_id is not None:
            return scope.covers(organization_id)
        return scope.everything or bool(scope.organization_ids)

    def why_not(self, desk: str, organization_id: int | None = None) -> str | None:
        """The reason of a disabled button, or None when this person may act."""
        return None if self.may(desk, True, organization_id) else rules.DENIALS[desk]

    def check(self, desk: str, organization_id: int) -> None:
        """Raises Denied when this person may not act on a desk's row."""
        if not self.may(desk, True, organization_id):
            raise Denied(rules.refusal(desk))

    def actor(self) -> Actor:
        """This person as the actor of events."""
        organization_ids = {grant.organization_id for grant in self.grants}
        return Actor(
            kind="person",
            id=str(self.id),
            name=self.name,
            organization_id=next(iter(organization_ids)) if len(organization_ids) == 1 else None,
            via="page",
            request_id=g.get("request_id"),
            address=request.remote_addr,
        )


def signed_in() -> Me | None:
    """The current user, or None. For pages that are open to visitors too."""
    if not has_request_context():
        return None
    # Flask-Login caches the user there; read directly, because a page asks many times.
    user = g.get("_login_user") or current_user._get_current_object()
    return user if isinstance(user, Me) else None


def me() -> Me:
    """The current user. Raises Unauthorized when nobody is signed in."""
    person = signed_in()
    if person is None:
        raise Unauthorized(SIGNED_OUT)
    return person
