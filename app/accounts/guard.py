"""Access control before every page, and the text that was posted after a sign-in had expired.

An endpoint without a mark of access.py is closed to everyone. The API's endpoints have authenticators of their own.
"""

import json
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, render_template, request, session, url_for
from flask_login import LoginManager, login_user

from app.accounts import queries
from app.accounts.access import PUBLIC, Me, signed_in
from app.accounts.forms import PasskeyForm, SignInForm
from app.accounts.last_seen import is_stale, pending_times
from app.accounts.models import SignIn
from app.accounts.roles import TITLES, Role
from app.kernel import clock
from app.kernel.crypto import sha256
from app.kernel.current import the_request
from app.kernel.db.engine import Db
from app.kernel.db.transaction import SAFE, database, reading
from app.kernel.errors import Denied
from app.kernel.json_types import JsonObject
from app.kernel.web import htmx
from app.kernel.web.form_tokens import form_token
from app.kernel.web.live import is_poll

LONGEST_KEPT = 100_000
"""Characters of posted text that are carried over a sign-in."""
NOT_KEPT = ("csrf_token", "password", "one_time_code", "encrypted_secret", "credential")

NOT_TYPED = {
    *("csrf_token", "version", "step", "preview", "edit", "act", "row", "holder", "over", "username", "token"),
    *("back", "on", "query", "lang", "seen", "shown", "given", "blind"),
}
"""Fields that pages fill in themselves: without any other there is no text to keep."""


def is_typed(name: str) -> bool:
    """Whether the user of a form filled this field in. What `about:` says of a reason comes with the page."""
    return name not in NOT_TYPED and not name.startswith("about:")


CLOSED = "This page is closed. Nothing was done."


def install(app: Flask) -> None:
    """Runs the guard before every endpoint and gives every template `me`."""
    manager = LoginManager()
    # Not init_app: that also looks for a remember-me cookie after every answer, the API's included. There is none.
    app.login_manager = manager  # type: ignore[attr-defined]  # where flask-login looks for it
    # The sign-in lives on the server and carries its own proof; nothing about the browser is compared.
    manager.session_protection = None
    manager.user_loader(load)
    app.before_request(guard)
    app.context_processor(lambda: {"me": signed_in()})


def load(token: str) -> Me | None:
    """The person behind the token in a session cookie, in one query; None when the sign-in has ended."""
    now = clock.now()
    found = queries.signed_in_person(reading(), sha256(token), now)
    if found is None:
        return None
    row, grants, factor_wanted_by, closed_in = found
    if is_stale(row.last_seen_at, now) and not is_poll():
        pending_times(database()).add(SignIn.last_seen_at, row.sign_in_id, now)
    return Me(
        id=row.id,
        name=row.name,
        email=row.email,
        time_zone=row.time_zone,
        locale=row.locale,
        theme=row.theme,
        single_keys=row.single_keys,
        undo_seconds=row.undo_seconds,
        split_desks=row.split_desks.split(),
        grants=grants,
        sign_in_id=row.sign_in_id,
        token=token,
        second_factor=row.second_factor,
        factor_wanted_by=factor_wanted_by,
        closed_in=closed_in,
        proved_at=row.proved_at,
    )


def guard() -> Response | None:
    """Lets a request pass (None), redirects it to sign in, or refuses it."""
    request = the_request()
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    allowed = getattr(view, "allowed", None)
    if allowed == PUBLIC or hasattr(view, "api_route"):
        return None
    person = signed_in()
    if person is None:
        return _to_sign_in() if request.method in SAFE else _keep_posted_text()
    g.person_id = person.id
    if person.factor_wanted_by and not hasattr(view, "unsettled"):
        return _to_set_up_second_factor(person.factor_wanted_by)
    if allowed is None:
        raise Denied(CLOSED)
    if allowed and not person.roles & allowed:
        raise Denied(_only_for(allowed))
    return None


def signed_out_answer() -> Response | None:
    """The sign-in page, with the posted text, as the answer to a form of a page that needs a sign-in, when there is
    none any more: not even its form token is known then. None for everything else."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "allowed", None) == PUBLIC or hasattr(view, "api_route"):
        return None
    return None if signed_in() is not None else _keep_posted_text()


def admit(token: str) -> None:
    """Signs this browser in: a new session, whose cookie holds only the sign-in's token and a form token."""
    session.clear()
    login_user(_NewSignIn(token))
    g.pop("csrf_token", None)
    form_token()  # now, so that no later GET has to write the cookie


class _NewSignIn:
    """The user object that flask-login needs to write the cookie, before the sign-in is committed."""

    is_active = is_authenticated = True
    is_anonymous = False

    def __init__(self, token: str) -> None:
        self._token = token

    def get_id(self) -> str:
        return self._token


def safe_next(target: str | None) -> str | None:
    """The address to go to after signing in, when it is on this site; else None."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return None
    if not target.isprintable() or len(target) > 2000:
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def kept_text(db: Db, encrypted: str, person_id: int) -> JsonObject | None:
    """What the person posted after their sign-in had ended: `path` and `fields`; None when it is another person's.

    Whose it was is not known once the browser has signed out: then it is given to whoever signs in on that page.
    """
    if not encrypted:
        return None
    try:
        kept: JsonObject = json.loads(db.vault.decrypt(encrypted))
    except ValueError:
        return None
    return kept if kept["person"] in (None, person_id) else None


def _to_sign_in() -> Response:
    """Sends the whole window to the sign-in page, and from there back to the page (never to a fragment of it)."""
    target = request.full_path if request.query_string else request.path
    if htmx.is_htmx():
        target = _path_of(request.headers.get("HX-Current-URL", ""))
    return htmx.leave_for(url_for("accounts_public.sign_in", next=safe_next(target)))


def _path_of(url: str) -> str:
    """Path and query of an address that a browser sent; empty when it is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _to_set_up_second_factor(organization: str) -> Response:
    """Sends a person whose organization requires a second factor to set one up, before anything else."""
    if request.method in SAFE:
        return htmx.leave_for(url_for("accounts.settings", _anchor="two-step"))
    raise Denied(f"{organization} requires two-step sign-in. Nothing was done. Set it up in your settings first.")


def _keep_posted_text() -> Response:
    """The sign-in page as the response to a form, with the posted text, encrypted, so that nothing is lost."""
    kept = ""
    person_id = queries.person_of_token(reading(), sha256(str(session.get("_user_id", ""))))
    fields = [(name, value) for name, value in request.form.items(multi=True) if not _is_secret(name)]
    text = json.dumps({"path": request.full_path.rstrip("?"), "fields": fields, "person": person_id})
    if any(value.strip() for name, value in fields if is_typed(name)) and len(text) <= LONGEST_KEPT:
        kept = database().vault.encrypt(text)
    shown = {"kept": kept, "expired": True, "problem": "", "inside": htmx.is_htmx()}
    page_url = safe_next(_path_of(request.headers.get("HX-Current-URL", ""))) or ""
    forms = {"form": SignInForm(formdata=None, next="" if kept else page_url), "passkey": PasskeyForm(formdata=None)}
    page = render_template("accounts/sign-in.html", **forms, **shown)
    response = Response(page, 401)
    return htmx.retarget(response, "body", "innerHTML") if htmx.is_htmx() else htmx.personal(response)


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in NOT_KEPT)


def _only_for(allowed: frozenset[Role]) -> str:
    people = [f"{TITLES[role].lower()}s" for role in Role if role in allowed]
    listed = people[0] if len(people) == 1 else f"{', '.join(people[:-1])} and {people[-1]}"
    return f"This is for {listed}. Nothing was done. Ask an administrator if you need it."
