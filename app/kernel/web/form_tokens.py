"""Form tokens, masked: the same token reads differently in every response.

Pages are compressed and repeat what their address says. Without the mask, the length of many such pages would spell the
token out (the BREACH attack); with it, each page holds other text.
"""

import base64
import binascii
import json
import os
import secrets
from functools import cache

from flask import Blueprint, Flask, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect, _FlaskFormCSRF
from itsdangerous import TimestampSigner
from itsdangerous.encoding import base64_encode
from wtforms import Field

from app.kernel.current import notes, the_request
from app.kernel.db.transaction import SAFE
from app.kernel.web import visitors


class FormTokens(CSRFProtect):
    """Checks the token of every unsafe request, without its mask: on visitor pages without a cookie."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if the_request().method in SAFE:
            return
        if visitors.on_visitor_page():
            if request.endpoint:
                visitors.check_form_token(unmasked(request.form.get("csrf_token", "")))
                g.csrf_valid = True  # the form need not check it again
        else:
            super().protect(apply_exemptions)

    def _get_csrf_token(self) -> str | None:
        token = super()._get_csrf_token()
        return None if token is None else unmasked(token)


class MaskedToken(_FlaskFormCSRF):
    """The hidden field of a form."""

    def generate_csrf_token(self, csrf_token_field: Field) -> str:
        return form_token()


def install(app: Flask, *exempt: Blueprint) -> None:
    """Checks the tokens of pages, and gives templates `csrf_token()`. An API has none: its blueprint is exempt."""
    protection = FormTokens(app)
    for blueprint in exempt:
        protection.exempt(blueprint)
    app.context_processor(lambda: {"csrf_token": form_token})  # over that of flask_wtf
    app.jinja_env.globals["csrf_token"] = form_token  # in imported macros


@cache
def _signer(secret: str) -> TimestampSigner:
    """Flask-WTF's. It tries to compress what it signs, forty random digits, which takes as long as the rest."""
    return TimestampSigner(secret, salt="wtf-csrf-token")


def form_token() -> str:
    """The token of this session, masked once a response."""
    noted = notes()
    token: str | None = noted.get("csrf_token")
    if token is None:
        if not isinstance(plain := session.get("csrf_token"), str):
            plain = session["csrf_token"] = secrets.token_hex(20)
        token = noted.csrf_token = _signer(current_app.secret_key).sign(base64_encode(json.dumps(plain))).decode()
    shown: tuple[str, str] | None = noted.get("form_token")
    if shown is None or shown[0] != token:
        shown = noted.form_token = token, masked(token)
    return shown[1]


def masked(token: str) -> str:
    """The token under a random mask of its length, which stands before it."""
    plain = token.encode()
    mask = os.urandom(len(plain))
    return base64.urlsafe_b64encode(mask + _xor(plain, mask)).decode().rstrip("=")


def unmasked(text: str) -> str:
    """The token beneath its mask. What has no mask is returned as it is: pages of earlier versions have none."""
    if "." in text:
        return text
    try:
        both = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        half = len(both) // 2
        return _xor(both[:half], both[half:]).decode()
    except (binascii.Error, ValueError, OverflowError):  # the last of halves of different lengths
        return text


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")
