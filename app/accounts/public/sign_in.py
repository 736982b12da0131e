"""Signing in with e-mail and password."""

from flask import Response, request, url_for

from app.accounts.access import public, signed_in
from app.accounts.actions import sign_ins
from app.accounts.forms import SignInForm
from app.accounts.guard import safe_next
from app.accounts.public import enter_or_ask, limiter, public_pages, sign_in_page, wait_sentence
from app.accounts.throttle import hit
from app.kernel.db.transaction import reading
from app.kernel.web.htmx import leave_for

WRONG = "E-mail and password do not belong together. Nothing was changed."


@public_pages.get("/sign-in")
@public
def sign_in() -> Response:
    """The form. Somebody who is signed in already goes where they wanted."""
    target = safe_next(request.args.get("next"))
    if signed_in() is not None:
        return leave_for(target or url_for("home.overview"))
    return sign_in_page(next=target or "")


@public_pages.post("/sign-in")
@public
def open_sign_in() -> Response:
    """Checks e-mail and password; the same answer, at the same cost, whether or not we know the person.

    The tries are forgiven only when the whole sign-in is done: a right password must not buy more tries at the code.
    """
    form = SignInForm()
    kept = request.form.get("kept", "")
    if not form.validate_on_submit():
        return sign_in_page(form, kept=kept, status=422)
    tries = hit(limiter(), form.email.data, request.remote_addr or "")
    if not tries.allowed:
        answer = sign_in_page(form, kept=kept, problem=wait_sentence(tries), status=429)
        answer.headers["Retry-After"] = str(tries.retry_after)
        return answer
    found = sign_ins.recognize(reading(), form.email.data, form.password.data)
    if found is None:
        return sign_in_page(form, kept=kept, problem=WRONG, status=422)
    return enter_or_ask(found, "password", next=form.next.data, kept=kept)
