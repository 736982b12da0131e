"""Sign-in with e-mail address and password."""

from flask import Response, request, url_for

from app.accounts.access import public, signed_in
from app.accounts.actions import sign_ins
from app.accounts.forms import SignInForm
from app.accounts.guard import safe_next
from app.accounts.public import RESTORED, count_sign_in, public_pages, sign_in_or_ask, sign_in_page, too_many_attempts
from app.kernel.db.transaction import reading
from app.kernel.web.htmx import leave_for

WRONG = "E-mail and password do not belong together. Nothing was changed."


@public_pages.get("/sign-in")
@public
def sign_in() -> Response:
    """Shows the form. A user who is signed in already is redirected to `next`."""
    target = safe_next(request.args.get("next"))
    if signed_in() is not None:
        return leave_for(target or url_for("home.overview"))
    return sign_in_page(next=target or "")


def again(target: str, kept: str) -> Response:
    """The form with a new token and the address that was typed."""
    email = request.form.get("email", "")[:254]
    form = SignInForm(formdata=None, email=email, next=target)
    return sign_in_page(form, kept=kept, problem=RESTORED, status=403)


@public_pages.post("/sign-in")
@public
def open_sign_in() -> Response:
    """Checks e-mail address and password; the same response, at the same cost, for known and unknown people.

    The attempts are reset only when the whole sign-in is complete: a correct password must not buy more attempts at the
    code.
    """
    form = SignInForm()
    kept = request.form.get("kept", "")
    if not form.validate_on_submit():
        return sign_in_page(form, kept=kept, status=422)
    attempt = count_sign_in(form.email.data)
    if not attempt.allowed:
        answer = sign_in_page(form, kept=kept, problem=too_many_attempts(attempt), status=429)
        answer.headers["Retry-After"] = str(attempt.retry_after)
        return answer
    found = sign_ins.recognize(reading(), form.email.data, form.password.data)
    if found is None:
        return sign_in_page(form, kept=kept, problem=WRONG, status=422)
    return sign_in_or_ask(found, "password", next=form.next.data, kept=kept)
