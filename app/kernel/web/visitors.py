"""Visitor pages: for people without an account, who open a link that an organization gave them.

They speak the organization's language, also where they refuse, and work without cookies: the signed link in the address
is the secret, and the forms carry a token that is signed for the same link (docs/decisions/0024). Every address beneath
their first segment is theirs, also one that no page answers.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFError

from app.kernel import clock
from app.kernel.crypto import same, sha256
from app.kernel.current import the_request
from app.kernel.db.engine import Db
from app.kernel.db.transaction import database
from app.kernel.errors import Invalid, Refusal
from app.kernel.hosts import Host
from app.kernel.locales import TRANSLATIONS
from app.kernel.signing import sign, signed_at, unsign
from app.kernel.text.i18n import Translations, Translator

FORM = "visitor.form"
"""The signing purpose of form tokens."""

WRITTEN = (400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503)
"""The statuses that have a text of their own; the others read like 400 or 500."""
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_MACHINES = re.compile(r"(?<!cu)bot\b|crawl|spider|scan|preview|headless|python|curl|wget|httpclient|java/", re.I)
TRY_AGAIN = (403, 429, 500, 503)
"""The statuses after which the same form may be sent once more."""


@dataclass(frozen=True, slots=True)
class VisitorPages:
    """The visitor pages of one desk. `host` finds the organization of an address from the segments after the first."""

    first_segment: str
    host: Callable[[Db, Sequence[str]], Host | None]


def install(app: Flask, pages: Iterable[VisitorPages]) -> None:
    """Makes these pages known. Comes before everything that may refuse a request."""
    app.extensions["visitor_pages"] = {each.first_segment: each for each in pages}
    app.before_request(_sign_forms)


def on_visitor_page() -> bool:
    """Whether the current address is a visitor's."""
    return the_request().path.split("/", 2)[1] in current_app.extensions["visitor_pages"]


def check_form_token(token: str) -> None:
    """Raises CSRFError unless this desk made the token for the link in the address."""
    try:
        signed_for = unsign(database().config, FORM, token)
        g.form_made_at = signed_at(database().config, FORM, token)
    except Invalid:
        raise CSRFError("The form token is missing or forged.") from None
    if not same(str(signed_for), _address()):
        raise CSRFError("The form token is that of another link.")


def form_age() -> float:
    """How many seconds ago the page was made whose form was sent; its token counts whole seconds."""
    made_at: int = g.form_made_at
    return clock.now().timestamp() - made_at


def refused_page(
    refusal: Refusal, *, typed: Sequence[tuple[str, str]], again: Sequence[tuple[str, str]], **context: object
) -> Response:
    """A refusal as a visitor reads it. Rendered without the app's context, which may be what failed."""
    host = _host()
    t = translator(host)
    status = refusal.status if refusal.status in WRITTEN else 400 if refusal.status < 500 else 500
    page = current_app.jinja_env.get_template("kernel/refused.html").render(
        **page_context(host, t),
        status=status,
        wait=_wait(refusal, t),
        typed=[text for _, text in typed],
        again=again if status in TRY_AGAIN else (),
        may_repeat=status in TRY_AGAIN and status != 403,
        request=request,
        get_flashed_messages=lambda **_: (),
        **context,
    )
    return Response(page, refusal.status)


class PageContext(TypedDict):
    """What public.html reads on a visitor page; `questions` is the heading over how the organization is reached."""

    host: Host | None
    t: Translator
    lang: str
    dir: str
    questions: str


def page_context(host: Host | None, texts: Translator) -> PageContext:
    """Whose page it is, and in which language; `texts` are those of the page itself."""
    t = TRANSLATIONS.translator(texts.lang)
    questions = t("questions") if host and host.can_be_reached else ""
    return {"host": host, "t": texts, "lang": texts.lang, "dir": texts.dir, "questions": questions}


def translator(host: Host | None) -> Translator:
    """The language that was asked for, else the host's, else the one that the browser prefers."""
    asked = request.args.get("lang", "")
    if asked in TRANSLATIONS.languages:
        return TRANSLATIONS.translator(asked)
    return TRANSLATIONS.translator(host.locale if host else browser_language(TRANSLATIONS))


def browser_language(translations: Translations) -> str:
    """The written language that the browser prefers: for addresses that lead to no organization."""
    return request.accept_languages.best_match(translations.languages) or "en"


def is_machine() -> bool:
    """Whether a program opens the address for itself: to look at it in advance, or by its own name.

    Scanners of mail open links, and many call themselves a browser. What counts as done by a person needs more than an
    opened address: something that only a page does that is seen, or a press.
    """
    ahead = any("pre" in request.headers.get(name, "").lower() for name in _PURPOSES)  # prefetch, preview, prerender
    agent = request.user_agent.string
    return request.method != "GET" or ahead or "Mozilla" not in agent or bool(_MACHINES.search(agent))


def _wait(refusal: Refusal, t: Translator) -> str:
    """How long to wait, where the refusal says it."""
    seconds = int(refusal.headers.get("Retry-After", 0))
    if not seconds:
        return ""
    return t("wait_seconds", n=seconds) if seconds <= 90 else t("wait_minutes", n=-(-seconds // 60))


def _sign_forms() -> None:
    """Gives Flask-WTF the token of this page (`g.csrf_token`), so that it does not write one into a session cookie."""
    if on_visitor_page():
        g.csrf_token = sign(database().config, FORM, _address())


def _address() -> str:
    """What a form token is bound to: the desk, and the signed link where it stands in the address."""
    return sha256(f"{request.blueprint}\n{(request.view_args or {}).get('token', '')}")


def _segments() -> list[str]:
    return request.path.strip("/").split("/")


def _host() -> Host | None:
    """The organization of the current address, as far as the address and the database tell."""
    first, *rest = _segments()
    pages: VisitorPages = current_app.extensions["visitor_pages"][first]
    try:
        with database().read() as db:
            return pages.host(db, rest)
    except Exception:  # whatever failed, the refusal that is being written says it already
        return None
