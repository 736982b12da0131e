"""Pages for people who are not signed in: signing in, its second step, passkeys, links from letters.

A module for each noun; each hangs its views on `public_pages`.
"""

from flask import Blueprint, Response, current_app, g, request, session, url_for

from app.accounts import queries, second_factor_session
from app.accounts.access import signed_in
from app.accounts.actions import sign_ins
from app.accounts.forms import PasskeyForm, SecondStepForm, SignInForm
from app.accounts.guard import admit, kept_text, safe_next
from app.accounts.models import Person
from app.accounts.throttle import forgive
from app.kernel import clock
from app.kernel.api.rate_limits import Decision, Limiter
from app.kernel.changes.events import Actor
from app.kernel.db.transaction import db, reading
from app.kernel.web.htmx import leave_for, respond

public_pages = Blueprint("accounts_public", __name__)


def enter(person: Person, how: str, *, next: str | None = None, kept: str = "") -> Response:
    """Signs this browser in, whatever it brought along, and leads to kept text, to `next`, or to the first page."""
    forgive(limiter(), person.email)
    now, former = clock.now(), signed_in()
    if former is not None:
        sign_ins.end_sign_in(db(), former.id, former.sign_in_id, by=former.actor(), now=now)
    session.clear()
    agent, address = request.headers.get("User-Agent", ""), request.remote_addr or ""
    token = sign_ins.sign_in(db(), person, address=address, user_agent=agent, by=acting_as(person), now=now, how=how)
    admit(token)
    typed = kept_text(reading(), kept, person.id)
    if typed is not None:
        return respond("accounts/kept.html", path=typed["path"], fields=typed["fields"], me=None)
    return leave_for(safe_next(next) or url_for("home.overview"))


def enter_or_ask(person: Person, how: str, *, next: str | None = None, kept: str = "") -> Response:
    """Signs in, or first asks for the second step of whoever has one."""
    if not person.second_factor:
        return enter(person, how, next=next, kept=kept)
    second_factor_session.remember(person, clock.now())
    if kept:
        return second_step_page(person, next=next, kept=kept)
    return leave_for(url_for("accounts_public.second_step", next=safe_next(next)))


def sign_in_page(
    form: SignInForm | None = None, *, next: str = "", kept: str = "", problem: str = "", status: int = 200
) -> Response:
    """The sign-in page, with what it carries through and the sentence on what went wrong."""
    form = form or SignInForm(formdata=None, next=next)
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
    """The page of the second step, with what it carries through."""
    form = form or SecondStepForm(formdata=None, next=safe_next(next) or "")
    form.one_time_code.data = ""  # a code is typed anew, like a password
    return respond(
        "accounts/second-step.html",
        status=status,
        form=form,
        passkey=PasskeyForm(formdata=None, next=form.next.data or ""),
        factors=queries.factors(reading(), person.id),
        kept=kept,
        problem=problem,
    )


def too_late() -> Response:
    """The answer to a second step that nothing waits for: whoever is signed in goes on, others begin again."""
    if signed_in() is not None:
        return leave_for(url_for("home.overview"))
    if request.method == "GET":
        return leave_for(url_for("accounts_public.sign_in", next=safe_next(request.args.get("next"))))
    late = "The second step took longer than five minutes. Begin again with your password."
    kept = request.form.get("kept", "")
    return sign_in_page(next=safe_next(request.form.get("next")) or "", kept=kept, problem=late, status=422)


def wait_sentence(tries: Decision) -> str:
    """What somebody hears who tried too often."""
    minutes = -(-tries.retry_after // 60)
    return f"Too many tries. Wait {minutes} {'minute' if minutes == 1 else 'minutes'}, or ask for a new password."


def acting_as(person: Person) -> Actor:
    """A person as history names them, who is about to be signed in."""
    return Actor("person", str(person.id), person.name, None, "page", g.get("request_id"), request.remote_addr)


def limiter() -> Limiter:
    found: Limiter = current_app.extensions["limiter"]
    return found


from app.accounts.public import links, passkey, second_step, sign_in  # noqa: E402  # they hang their views on it

__all__ = ["links", "passkey", "public_pages", "second_step", "sign_in"]
