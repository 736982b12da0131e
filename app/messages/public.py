"""/mail: what a development machine "sent", readable by whoever sits at it. Not there in production."""

import base64
import re
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request, url_for
from markupsafe import Markup, escape

from app.accounts.access import public
from app.config import Config
from app.kernel.db.transaction import db
from app.kernel.errors import NotFound
from app.kernel.outbox import dev_mailbox
from app.kernel.outbox.dev_mailbox import EncodedAttachment, StoredMessage
from app.kernel.web.htmx import respond

public_pages = Blueprint("mail", __name__, url_prefix="/mail")

PAGE = 50

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def _open() -> None:
    """Raises NotFound unless this is a development machine that keeps its mail."""
    config: Config = current_app.extensions["config"]
    if not dev_mailbox.is_open(config):
        raise NotFound()


@public_pages.get("")
@public
def inbox() -> Response:
    """All messages, newest first."""
    _open()
    before = request.args.get("before", "")
    letters = dev_mailbox.newest(db(), PAGE + 1, int(before) if before.isdecimal() and len(before) < 16 else None)
    more = len(letters) > PAGE
    letters = letters[:PAGE]
    return respond(
        "messages/inbox.html",
        letters=letters,
        next_url=url_for("mail.inbox", before=letters[-1]["id"]) if more else "",
    )


@public_pages.get("/<int:id>")
@public
def letter(id: int) -> Response:
    """One message as it would have gone out: text with links, source of the HTML, attachments."""
    _open()
    found = dev_mailbox.get(db(), id) if id < 2**62 else None
    if found is None:
        raise NotFound()
    return respond(
        "messages/letter.html",
        letter=found,
        text=linked(found["text"] or found["body"]),
        links=links(found),
        attachments=[_attachment(part) for part in found["attachments"]],
    )


def linked(text: str) -> Markup:
    """Plain text with its addresses made clickable."""
    pieces, end = [], 0
    for match in _LINK.finditer(text):
        pieces += [escape(text[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(match[0])]
        end = match.end()
    return Markup("").join([*pieces, escape(text[end:])])


def links(letter: StoredMessage) -> list[str]:
    """The addresses in the HTML that the text does not have."""
    text = letter["text"]
    found = re.findall(r'href="([^"]+)"', letter["html"])
    clean = [str(Markup(address).unescape()) for address in dict.fromkeys(found)]
    return [address for address in clean if address not in text and urlsplit(address).scheme in ("http", "https")]


def _attachment(part: EncodedAttachment) -> dict[str, object]:
    content = base64.b64decode(part["content"])
    readable = part["type"].startswith("text/")
    return {
        "name": part["name"],
        "type": part["type"],
        "size": len(content),
        "text": content.decode("utf-8", "replace") if readable else None,
    }
