"""See it before it leaves: the very act is rehearsed, what it would send is shown, and everything is taken back.

There is no second rendering. `press()` runs the action itself in this request's transaction and notes what it promises
to send. At the first press the transaction is undone and the messages are shown, with a digest over everything a
receiver reads. The confirming press carries that digest; it runs the action again, and unless the messages now
promised come to the same digest, that transaction is undone too and the person sees them afresh. What is made anew
each time (secrets, signed proofs, ids, the moment) is replaced by words before the digest is taken (`Message.fresh`).
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Any, TypeVar

import orjson
from flask import current_app, request
from icalendar import Calendar

from app.kernel.changes.fingerprint import content_of_file, content_of_message, fingerprint, without_fresh_values
from app.kernel.crypto import same
from app.kernel.db import transaction
from app.kernel.db.engine import Db
from app.kernel.errors import Change, Refusal
from app.kernel.outbox import ssrf, webhooks
from app.kernel.outbox.outbox import COLLECTED, Message
from app.kernel.text.template_filters import pluralize

T = TypeVar("T")
Act = Callable[[Db, int | None], T]
"""Does it in that session. The number is the version of the row that the person is known to have seen."""

STEP, SEEN, VERSION = "step", "preview", "version"
"""Fields of a form: `step=preview` only shows; `preview` carries the digest of what was shown."""

WHEN_SENT = "made at the moment it is sent"
RAW_FILES = 5
"""How many recipients' calendar files are shown word for word."""


@dataclass(frozen=True, slots=True)
class PreviewedMessage:
    """One thing that leaves, in words. `files` are (whose, text); `warning` says why it cannot arrive."""

    kind: str
    icon: str
    title: str
    note: str = ""
    facts: Sequence[tuple[str, str]] = ()
    text: str = ""
    code: str = ""
    html: str = ""
    files: Sequence[tuple[str, str]] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would leave. `changed`: it is not what this person saw before; `changes`: what others did meanwhile."""

    digest: str
    messages: Sequence[PreviewedMessage]
    summary: str
    typed: Sequence[tuple[str, str]]
    changed: bool = False
    changes: Sequence[Change] = ()

    @property
    def status(self) -> int:
        """409 for somebody who pressed to do it and is shown it instead."""
        return 409 if self.changed else 200


def confirm(
    act: Act[T], *about: object, leads_to: Act[Any] | None = None, always: bool = True
) -> tuple[T | None, Preview | None]:
    """One press of a form whose act has effects outside: either its result, or the preview to show instead.

    `about` is what was decided and does not stand in the messages (a room, a reason). `leads_to` is what really sends,
    when the act only puts it on hold. Without `always` an act of which nothing leaves is done at the first press.
    Refusals pass through; a lost race that the rules would still allow shows the
    newest state, and what the others did.
    """
    seen, only_shown = request.form.get(SEEN, ""), request.form.get(STEP) == "preview"
    version = _version()
    try:
        if only_shown or not seen:
            shown = dry_run(leads_to or act, version, about)
            if not shown.messages and not always:
                return act(transaction.db(), version), None
        elif leads_to:
            shown = dry_run(leads_to, version, about)
            if same(shown.digest, seen):
                return act(transaction.db(), version), None
        else:
            result, shown = _run(act, version, about)
            if same(shown.digest, seen):
                return result, None
    except Refusal as refusal:
        if not isinstance(refusal.current, int):
            raise
        transaction.roll_back()
        version, changes = refusal.current, refusal.changes
        shown = replace(dry_run(leads_to or act, version, about), changes=changes, changed=True)
    else:
        shown = replace(shown, changed=not only_shown)
    transaction.roll_back()
    return None, replace(shown, typed=_typed(version))


def dry_run(act: Act[Any], version: int | None, about: Sequence[object]) -> Preview:
    """Does it, notes what it would send, and takes all of it back."""
    _, shown = _run(act, version, about)
    transaction.roll_back()
    return shown


def _run(act: Act[T], version: int | None, about: Sequence[object]) -> tuple[T, Preview]:
    db = transaction.db()
    with collecting_messages(db) as messages:
        result = act(db, version)
    return result, preview_of(db, messages, *about)


def preview_of(db: Db, messages: Sequence[Message], *about: object) -> Preview:
    """These messages in words, with their digest."""
    return Preview(fingerprint(messages, *about), previewed_messages(db, messages), summary(messages), ())


@contextmanager
def collecting_messages(db: Db) -> Iterator[list[Message]]:
    """Notes every message that is promised in this session meanwhile."""
    found: list[Message] = []
    db.info[COLLECTED] = found
    try:
        yield found
    finally:
        del db.info[COLLECTED]


def summary(messages: Sequence[Message]) -> str:
    """`3 e-mails with a calendar file, and 1 webhook`."""
    letters = [message for message in messages if message.channel == "email"]
    words = []
    if letters:
        files = any(message.payload["attachments"] for message in letters)
        words.append(pluralize(len(letters), "e-mail") + (" with a calendar file" if files else ""))
    for channel, word in (("sms", "text message"), ("webhook", "webhook")):
        found = sum(message.channel == channel for message in messages)
        if found:
            words.append(pluralize(found, word))
    if not words:
        return "nothing is sent to anybody"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, and {words[-1]}"


def previewed_messages(db: Db, messages: Sequence[Message]) -> list[PreviewedMessage]:
    """The messages in words: letters that differ only in whom they greet are shown once, with everybody's address."""
    alike: dict[str, list[Message]] = {}
    for message in messages:
        if message.channel == "email":
            alike.setdefault(_impersonal(message), []).append(message)
    found: list[PreviewedMessage] = []
    found += [_letter(db, group) for group in alike.values()]
    found += _calendars([message for group in alike.values() for message in group])
    for message in messages:
        if message.channel == "webhook":
            found.append(_webhook(db, message))
        elif message.channel == "sms":
            text = without_fresh_values(message, message.payload["body"])
            found.append(
                PreviewedMessage("sms", "smartphone", "Text message", "1 person", [("To", message.payload["to"])], text)
            )
        elif message.channel != "email":
            found.append(PreviewedMessage("work", "clock", message.summary))
    return found


def _impersonal(message: Message) -> str:
    """What a letter says, whoever it is for."""
    parts, to, name = content_of_message(message), message.payload["to"], message.payload["name"]
    read = [[file[2].replace(to, "").replace(name, "") if name else file[2].replace(to, "")] for file in parts["files"]]
    return orjson.dumps([parts["subject"], parts["text"], read]).decode()


def _letter(db: Db, group: Sequence[Message]) -> PreviewedMessage:
    parts = content_of_message(group[0])
    sender, address = parseaddr(db.config.mail_from)
    return PreviewedMessage(
        "email",
        "mail",
        "E-mail",
        pluralize(len(group), "person", "people"),
        [
            ("To", ", ".join(message.payload["to"] for message in group)),
            ("From", f"{sender} <{address}>" if sender else address),
            ("Subject", parts["subject"]),
        ],
        parts["text"],
        html=parts["html"],
    )


def _calendars(letters: Sequence[Message]) -> list[PreviewedMessage]:
    """What calendars will show, once for all files that show the same, with each recipient's file as it is."""
    found: dict[Any, PreviewedMessage] = {}
    for message in letters:
        for file in message.payload["attachments"]:
            if not file["type"].startswith("text/calendar"):
                continue
            sheet = _calendar(message, file)
            key = (sheet.note, tuple(sheet.facts))
            earlier = found.get(key)
            if earlier is None:
                found[key] = sheet
            elif len(earlier.files) < RAW_FILES:
                found[key] = replace(earlier, files=[*earlier.files, *sheet.files])
    return list(found.values())


def _calendar(message: Message, file: dict[str, str]) -> PreviewedMessage:
    calendar = Calendar.from_ical(base64.b64decode(file["content"]))
    event = calendar.walk("VEVENT")[0]
    taken_out = str(calendar.get("METHOD")) == "CANCEL"
    said_of_it = [
        ("Title", str(event.get("SUMMARY", ""))),
        ("Starts", _moment(event, "DTSTART")),
        ("Ends", _moment(event, "DTEND")),
        ("Where", without_fresh_values(message, str(event.get("LOCATION", "")))),
        ("File", file["name"]),
    ]
    sequence = int(event.get("SEQUENCE", 0))
    return PreviewedMessage(
        "calendar",
        "calendar-x" if taken_out else "calendar-plus",
        "Calendar file",
        "takes it out of calendars" if taken_out else "first version" if sequence <= 1 else f"version {sequence}",
        [(label, value) for label, value in said_of_it if value],
        files=[(message.payload["to"], without_fresh_values(message, content_of_file(file)))],
    )


def _moment(event: Any, name: str) -> str:
    field = event.get(name)
    if field is None:
        return ""
    zone = field.params.get("TZID", "")
    return f"{field.dt.day} {field.dt:%b %Y, %H:%M}" + (f", {zone}" if zone else "")


def _webhook(db: Db, message: Message) -> PreviewedMessage:
    url, warning = message.payload["url"], ""
    host = message.destination
    try:
        host = ssrf.parse(url, db.config).authority
    except ValueError as reason:
        warning = str(reason)
    if not warning:
        signing_key: webhooks.SigningKey = current_app.extensions["signing_key"]
        try:
            signing_key(db, message.payload["organization_id"])
        except LookupError:
            warning = (
                "The organization has no active depositions key to sign this with, so it waits until there is one."
            )
    named = webhooks.headers(host, f"[{WHEN_SENT}]", "[the moment]", "1", "[over id, moment and body]")
    head = "\n".join(f"{name}: {value}" for name, value in named.items())
    claims = orjson.dumps(message.payload["claims"], option=orjson.OPT_INDENT_2).decode()
    return PreviewedMessage(
        "webhook",
        "webhook",
        "Webhook",
        "decoded",
        [("Signed", "as a JSON Web Token (HS256) with the organization’s newest key")],
        code=f"POST {url}\n{head}\n\n{claims}",
        warning=warning,
    )


def _version() -> int | None:
    text = request.form.get(VERSION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _typed(version: int | None) -> list[tuple[str, str]]:
    """What the form said, for the confirming press; secrets of the form itself left out."""
    mine = ("csrf_token", STEP, SEEN, VERSION)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in mine]
    return fields if version is None else [*fields, (VERSION, str(version))]
