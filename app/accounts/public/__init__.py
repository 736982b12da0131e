"""Pages for people who are not signed in: sign-in, second factor, passkeys, links of e-mails.

One module a noun; each registers its views on `public_pages`.
"""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, g, request, session, url_for
from flask_wtf.csrf import CSRFError

from app.accounts import queries, second_factor_session
from app.accounts.access import signed_in
from app.accounts.actions import sign_ins
from app.accounts.forms import PasskeyForm, SecondStepForm, SignInForm
from app.accounts.guard import admit, is_typed, kept_text, safe_next
from app.accounts.models import Person
from app.accounts.throttle import count_attempt, reset_attempts
from app.kernel import clock
from app.kernel.api.rate_limits import Decision, Limiter
from app.kernel.changes.events import Actor
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Denied
from app.kernel.web.htmx import leave_for, respond
from app.kernel.web.session_cookie import is_unreadable

public_pages = Blueprint("accounts_public", __name__)

RESTORED = (
    "This page was open for too long, or another window signed in or out. Nothing was done. Please try once more."
)
"""Said above a form that is shown again with a new token."""


def complete_sign_in(person: Person, how: str, *, next: str | None = None, kept: str = "") -> Response:
    """Signs this browser in, ending its former sign-in, and leads to kept text, to `next`, or to the first page."""
    reset_attempts(limiter(), person.email, request.remote_addr or "")
    now, former = clock.now(), signed_in()
    if former is not None:
        sign_ins.end_sign_in(db(), former.id, former.sign_in_id, by=former.actor(), now=now)
    session.clear()
    agent, address = request.headers.get("User-Agent", ""), request.remote_addr or ""
    token = sign_ins.sign_in(db(), person, address=address, user_agent=agent, by=actor_for(person), now=now, how=how)
    admit(token)
    typed = kept_text(reading(), kept, person.id)
    if typed is not None:
        path = typed["path"]
        return respond(
            "accounts/kept.html", path=path, fields=typed["fields"], verb=_verb(path), is_typed=is_typed, me=None
        )
    return leave_for(safe_next(next) or url_for("home.overview"))


def _verb(path: str) -> str:
    """`Write notice` of `/depositions/7/write_notice`: what was pressed. Empty where the address ends in no verb."""
    last = path.partition("?")[0].rpartition("/")[2]
    return last.replace("_", " ").capitalize() if last.replace("_", "").isalpha() else ""


def sign_in_or_ask(person: Person, how: str, *, next: str | None = None, kept: str = "") -> Response:
    """Signs the person in, or asks for the second factor first when they have one."""
    if not person.second_factor:
        return complete_sign_in(person, how, next=next, kept=kept)
    second_factor_session.start(person, clock.now())
    if kept:
        return second_step_page(person, next=next, kept=kept)
    return leave_for(url_for("accounts_public.second_step", next=safe_next(next)))


UNREADABLE_COOKIE = (
    "Your browser sends a cookie that cannot be read here, probably that of another site, and it hides ours. Delete "
    "the cookies of this address in your browser’s settings, then sign in."
)


def sign_in_page(
    form: SignInForm | None = None, *, next: str = "", kept: str = "", problem: str = "", status: int = 200
) -> Response:
    """The sign-in page, with the values it carries through and the sentence on what went wrong."""
    form = form or SignInForm(formdata=None, next=next)
    problem = UNREADABLE_COOKIE if is_unreadable() else problem
    passkey = PasskeyForm(formdata=None, next=form.next.data or "")
    return respond(
        "accounts/sign-in.html", status=status, form=form, passkey=passkey, kept=kept, expired=False, problem=problem
    )


def second_step_page(
    person: Person,
    form: SecondStepForm | None = None,
    *,
    next: str | None = None,
    kept: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    """The page of the second factor, with the values it carries through."""
    form = form or SecondStepForm(formdata=None, next=safe_next(next) or "")
    form.one_time_code.data = ""  # a code is typed again, like a password
    return respond(
        "accounts/second-step.html",
        status=status,
        form=form,
        passkey=PasskeyForm(formdata=None, next=form.next.data or ""),
        factors=queries.factors(reading(), person.id),
        kept=kept,
        problem=problem,
    )


def second_step_expired() -> Response:
    """The response when no sign-in waits for a second factor: a signed-in user goes on, others begin again."""
    if signed_in() is not None:
        return leave_for(url_for("home.overview"))
    if request.method == "GET":
        return leave_for(url_for("accounts_public.sign_in", next=safe_next(request.args.get("next"))))
    expired = "The second step took longer than five minutes. Begin again with your password."
    kept = request.form.get("kept", "")
    return sign_in_page(next=safe_next(request.form.get("next")) or "", kept=kept, problem=expired, status=422)


def count_sign_in(email: str) -> Decision:
    """Counts this request as an attempt to sign in as the person with this address."""
    address = request.remote_addr or ""
    return count_attempt(limiter(), email, address, lambda: queries.knows_network(reading(), email, address))


def too_many_attempts(decision: Decision) -> str:
    """The refusal after too many attempts."""
    minutes = -(-decision.retry_after // 60)
    return f"Too many tries. Wait {minutes} {'minute' if minutes == 1 else 'minutes'}, or ask for a new password."


def actor_for(person: Person) -> Actor:
    """A person who is about to be signed in, as the actor of events."""
    return Actor("person", str(person.id), person.name, None, "page", g.get("request_id"), request.remote_addr)


@public_pages.errorhandler(CSRFError)
def restored(_error: CSRFError) -> Response:
    """The answer to a form whose token is not known any more: its tab was restored, or another one signed in or out.

    A user who is signed in already goes on; otherwise the form is shown again, with the address that was typed.
    """
    target = safe_next(request.form.get("next")) or ""
    if request.endpoint in SIGNING_IN and signed_in() is not None:
        return leave_for(target or url_for("home.overview"))
    view = AGAIN.get(request.endpoint or "")
    if view is not None:
        return view(target, request.form.get("kept", ""))
    raise Denied(RESTORED, code="csrf")


def limiter() -> Limiter:
    found: Limiter = current_app.extensions["limiter"]
    return found


from app.accounts.public import links, passkey, second_step, sign_in  # noqa: E402  # they register on it

SIGNING_IN = (
    "accounts_public.open_sign_in",
    "accounts_public.sign_in_with_passkey",
    "accounts_public.take_second_step",
    "accounts_public.take_passkey_step",
)
AGAIN: dict[str, Callable[[str, str], Response]] = {
    "accounts_public.open_sign_in": sign_in.again,
    "accounts_public.sign_in_with_passkey": sign_in.again,
    "accounts_public.take_second_step": second_step.again,
    "accounts_public.take_passkey_step": second_step.again,
    "accounts_public.request_reset": links.forgotten_again,
    "accounts_public.reset_password": links.new_password_again,
    "accounts_public.accept_invitation": links.new_password_again,
}
"""How each form is shown again; the first argument is where it leads, the second is text that it carries."""

__all__ = ["links", "passkey", "public_pages", "second_step", "sign_in"]
