"""E-mail: rendered in the transaction of the change, sent by the worker over SMTP.

An e-mail is a folder `templates/email/<name>/` with subject.txt, body.txt and body.html; a file of the same name with a
locale before its suffix (`body.de.html`) takes precedence for that locale. It is rendered without Flask; only .html is
escaped. body.html has only the content (email/_parts.html has what is more than a paragraph): email/_frame.html is put
around it. An e-mail for an organization's visitors names it as the sender, has its colour, and says how it is reached.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, AddressHeader, BaseHeader, ContentTypeHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from app.config import Config
from app.kernel.db.engine import Db
from app.kernel.hosts import Host
from app.kernel.json_types import JsonObject
from app.kernel.locales import TRANSLATIONS
from app.kernel.outbox import dev_mailbox, smtp
from app.kernel.outbox.outbox import Delivery, Message, PermanentFailure, TemporaryFailure, one_line
from app.kernel.text import colours
from app.kernel.text.i18n import direction
from app.kernel.text.normalization import isolated

PRODUCT = "Session Desk"
ACCENT = "#0b5f6c"
"""The product's colour in e-mails, on light grounds."""
CHANNEL = "email"

# Quoted user names are legal, but not in use, and they would allow more than they are worth.
_USERNAME = re.compile(r"[^\s\x00-\x20\x7f-\x9f\ud800-\udfff\"(),:;<>@\[\]\\]{1,64}")
_DOMAIN = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an e-mail. `type` may have parameters: `text/calendar; method=REQUEST`.

    An `inline` one is a picture of the HTML, which names it as `cid:` and its name.
    """

    name: str
    type: str
    content: bytes
    inline: bool = False


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[2] / "templates"),
    autoescape=lambda name: bool(name and name.endswith(".html")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
    auto_reload=False,
)


def email_message(
    db: Db,
    template: str,
    *,
    to: str,
    name: str = "",
    locale: str = "en",
    host: Host | None = None,
    subject_line: str | None = None,
    attachments: Iterable[Attachment | tuple[str, str, bytes]] = (),
    secret: bool = False,
    due_at: datetime | None = None,
    dedupe: str | None = None,
    not_after: datetime | None = None,
    fresh: Sequence[tuple[str, str]] = (),
    receipt: JsonObject | None = None,
    **context: Any,  # the template's own variables
) -> Message:
    """An e-mail to one recipient, rendered now from `templates/email/<template>/`.

    It comes from `host`, an organization, via the product; without one from the product. With `secret` (links, codes)
    it is blanked once sent, and lists do not show its subject. Every template also has `recipient_name`, `recipient`,
    `locale`, `dir`, `base_url` and `host`.
    """
    accent = (host.colour if host else "") or ACCENT
    variables = {
        "recipient": to,
        "recipient_name": name,
        "locale": locale,
        "dir": direction(locale),
        "base_url": db.config.public_base_url,
        "host": host,
        "accent": accent,
        "dark_accent": colours.dark_tone(accent),
        **context,
    }
    subject = one_line(subject_line or _template(template, "subject", "txt", locale).render(variables))
    variables["subject"] = subject
    content = _template(template, "body", "html", locale).render(variables).strip("\n")
    text = _template(template, "body", "txt", locale).render(variables).strip() + "\n"
    plain = _around("plain.html", variables, body=Markup(indent(content, "    ") + "\n"))
    foot = _foot(host, locale)
    title = template.replace("-", " ").capitalize() if secret else subject
    return Message(
        channel=CHANNEL,
        payload={
            "to": to,
            "name": name,
            "locale": locale,
            "from": host.name if host else "",
            "reply_to": host.email if host else "",
            "subject": subject,
            "text": text + (_around("foot.txt", foot) + "\n" if host else ""),
            "html": _around("frame.html", variables, content=Markup(content), **foot),
            "attachments": [_packed(attachment) for attachment in attachments],
        },
        destination=to.rpartition("@")[2],
        due_at=due_at,
        dedupe=dedupe,
        secret=secret,
        summary=f"{title} · {to}",
        not_after=not_after,
        fresh=fresh,
        content={"text": text, "html": plain},
        receipt=receipt,
    )


def _around(name: str, variables: JsonObject, **more: object) -> str:
    return TEMPLATES.get_template(f"email/_{name}").render(variables, **more)


def _foot(host: Host | None, locale: str) -> JsonObject:
    """Who the e-mail is from, and how they are reached; in the language of the e-mail."""
    if host is None:
        return {}
    t = TRANSLATIONS.translator(locale)
    ways = [
        (host.phone, f"tel:{host.phone_key}"),
        (host.email, f"mailto:{quote(host.email)}"),
        (host.hours, ""),
    ]
    return {
        "questions": t("questions"),
        "ways": [(text, url) for text, url in ways if text],
        "apart": [_apart(text, locale) for text, _ in ways if text],
        "sent_for": t("mail_for", organization=host.name),
    }


def _apart(text: str, locale: str) -> str:
    """A number, an address or hours among words that are read the other way: a telephone number would be drawn from its
    end there."""
    return f"\u2068{text}\u2069" if direction(locale) == "rtl" else isolated(text)


@lru_cache(maxsize=1024)
def _template(folder: str, part: str, ending: str, locale: str) -> Template:
    """The template in the nearest language. Cached, because most e-mails have none in a locale of their own."""
    language = locale.split("-")[0]
    names = (f"{part}.{locale}.{ending}", f"{part}.{language}.{ending}", f"{part}.{ending}")
    return TEMPLATES.select_template([f"email/{folder}/{name}" for name in names])


def _packed(attachment: Attachment | tuple[str, str, bytes]) -> dict[str, str]:
    if not isinstance(attachment, Attachment):
        attachment = Attachment(*attachment)
    return {
        "name": attachment.name,
        "type": attachment.type,
        "content": base64.b64encode(attachment.content).decode(),
        **({"inline": "yes"} if attachment.inline else {}),
    }


class _Folding(EmailPolicy):
    """Folds a subject or a name that is not ASCII by `email.header`: the newer folding of CPython 3.11 loses a space
    that stands where a line breaks between two encoded words. What most e-mails share is folded once."""

    _cloned = lru_cache(maxsize=64)(lambda self, changes: EmailPolicy.clone(self, **dict(changes)))

    def clone(self, **changes: object) -> "_Folding":
        """The policy with these changes: one object for the same changes, as policies never change."""
        policy: _Folding = self._cloned(tuple(sorted(changes.items())))
        return policy

    def fold(self, name: str, value: str) -> str:
        return self._by_header(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self._known(name, value) if _is_shared(name) else self._folded(name, value)

    def _folded(self, name: str, value: str) -> bytes:
        return self._by_header(name, value).encode() or super().fold_binary(name, value)

    _known = lru_cache(maxsize=512)(_folded)

    def _by_header(self, name: str, value: object) -> str:
        if name.lower() not in ("subject", "from", "to", "reply-to") or str(value).isascii():
            return ""
        text, end = str(value), ""
        if isinstance(value, AddressHeader):
            (address,) = value.addresses
            text, end = address.display_name, f"{self.linesep} <{address.addr_spec}>"
        encoded = Header(text, "utf-8", header_name=name, maxlinelen=76).encode(linesep=self.linesep)
        return f"{name}: {encoded}{end}{self.linesep}"


class _Headers(HeaderRegistry):
    """Makes headers. The standard library makes a class anew for every header, and reads again and again what most
    e-mails share: half of what a mail costs."""

    __getitem__ = lru_cache(maxsize=256)(HeaderRegistry.__getitem__)
    _known = lru_cache(maxsize=512)(HeaderRegistry.__call__)

    def __call__(self, name: str, value: object) -> BaseHeader:
        """The header, which nobody changes. What names a recipient, or differs in every e-mail, is not remembered."""
        if not _is_shared(name):
            return super().__call__(name, value)
        if isinstance(value, Address):
            return self._known_address(name, value.display_name, value.username, value.domain)
        return self._known(name, value)

    @lru_cache(maxsize=512)  # noqa: B019  # of the one that there is
    def _known_address(self, name: str, *parts: str) -> BaseHeader:
        return super().__call__(name, Address(*parts))


def _is_shared(name: str) -> bool:
    """Whether a header is the same in many e-mails."""
    return name.lower().startswith(("content-", "mime-", "auto-", "x-auto-", "from", "reply-to"))


WIRE = _Folding(linesep=SMTP.linesep, header_factory=_Headers())


def mime_message(delivery: Delivery) -> EmailMessage:
    """The MIME message. Its Message-ID is the outbox id, the same at every attempt."""
    payload, config = delivery.payload, delivery.config
    mail = EmailMessage(policy=WIRE)
    mail["From"] = _address(*from_address(config, payload))
    if payload.get("reply_to"):
        mail["Reply-To"] = _address(payload["from"], payload["reply_to"])
    mail["To"] = _address(payload["name"], payload["to"])
    mail["Subject"] = one_line(_clean(payload["subject"]))
    mail["Date"] = format_datetime(delivery.created_at)
    mail["Message-ID"] = f"<{delivery.id}@{urlsplit(config.public_base_url).hostname}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_clean(payload["text"]), cte="quoted-printable")
    mail.add_alternative(sent_html(payload["html"]), subtype="html", cte="quoted-printable")
    body = mail.get_body(("html",))
    assert body is not None, "it was added just above"
    for part in payload["attachments"]:
        if part.get("inline"):
            kind, name = _kind(part["type"]), part["name"]
            content = base64.b64decode(part["content"])
            body.add_related(content, kind.maintype, kind.subtype, cid=f"<{name}>", filename=name, disposition="inline")
    attachments = [
        (part["name"], _kind(part["type"]), base64.b64decode(part["content"]))
        for part in payload["attachments"]
        if not part.get("inline")
    ]
    for _name, kind, content in attachments:
        # Calendar programs find the invitation among the alternatives, people find the file.
        if kind.content_type == "text/calendar":
            text = content.decode("utf-8", "replace")
            params = {key: value for key, value in kind.params.items() if key != "charset"}
            mail.add_alternative(text, subtype="calendar", cte="base64", params=params)
    for name, kind, content in attachments:
        mail.add_attachment(
            content, maintype=kind.maintype, subtype=kind.subtype, filename=one_line(name), params=dict(kind.params)
        )
    mail["Content-Language"] = payload.get("locale", "en")
    # Of the id, so that every attempt sends the same bytes, and a case file has them too.
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"==={delivery.id.hex}-{number}===")
    return mail


def from_address(config: Config, payload: JsonObject) -> tuple[str, str]:
    """Name and address in From: those of MAIL_FROM, with the organization's name before them."""
    name, address = parseaddr(config.mail_from)
    host = payload.get("from")  # messages that were queued before there was one have none
    return f"{host} via {name or PRODUCT}" if host else name, address


def _kind(type: str) -> ContentTypeHeader:
    probe = EmailMessage(policy=SMTP)
    probe["Content-Type"] = type
    kind: ContentTypeHeader = probe["Content-Type"]
    return kind


def sent_html(html: str) -> str:
    """The HTML of a payload as it is sent, and as confirmations show it."""
    return _clean(html)


def _clean(text: str) -> str:
    """The text without lone surrogates, which cannot be encoded."""
    return text.encode("utf-8", "replace").decode()


def _address(name: str, address: str) -> Address:
    """An address object, so that commas and line breaks in names stay inside the name. Raises PermanentFailure."""
    username, at, domain = address.strip().rpartition("@")
    try:
        if not at or not _USERNAME.fullmatch(username) or not _DOMAIN.fullmatch(domain):
            raise ValueError
        return Address(one_line(_clean(name)), username, _known_as(domain))
    except (ValueError, UnicodeError):
        raise PermanentFailure("This is not an address that mail can be sent to.") from None


def _known_as(domain: str) -> str:
    """A domain in ASCII, by the standard by which addresses are checked (IDNA 2008). The codec of Python has that of
    2003, by which straße.example is strasse.example, whose mailboxes are other people's. Raises ValueError."""
    if domain.isascii():
        return domain.encode("idna").decode()
    from email_validator import validate_email  # here, because few domains need it

    return str(validate_email(f"x@{domain}", check_deliverability=False, test_environment=True).ascii_domain)


def deliver(delivery: Delivery) -> str:
    """Sends an e-mail over SMTP_URL; without it, stores it in the mailbox of a development machine."""
    mail = mime_message(delivery)
    if delivery.config.smtp_url:
        smtp.send(mail, delivery)
        return "accepted by the mail server"
    if delivery.config.production:
        raise TemporaryFailure("No mail server is configured (SMTP_URL).")
    dev_mailbox.store(delivery)
    return "stored on the mail page"
