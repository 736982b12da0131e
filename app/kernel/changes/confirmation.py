"""Confirmation of actions that send messages: a dry run shows the messages, and a fingerprint confirms them.

There is no second rendering. `confirm()` runs the action itself in the transaction of the request and collects the
messages that it queues. The first POST is rolled back and shows the messages with their fingerprint, a digest of
everything that recipients read. The confirming POST carries the fingerprint and runs the action again; when the
messages have changed, it is rolled back too and shows them again. Values that differ in every rendering (secrets,
signed proofs, ids, the time) are replaced before the fingerprint is taken (`Message.fresh`).
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import orjson
from flask import current_app, request

from app.kernel.changes.fingerprint import content_of_file, content_of_message, fingerprint, without_fresh_values
from app.kernel.crypto import same
from app.kernel.db import transaction
from app.kernel.db.engine import Db
from app.kernel.errors import Change, Outdated, Refusal
from app.kernel.outbox import ssrf, webhooks
from app.kernel.outbox.email import from_address, sent_html
from app.kernel.outbox.outbox import COLLECTED, Message
from app.kernel.text.template_filters import pluralize

if TYPE_CHECKING:
    from icalendar import Component

T = TypeVar("T")
Action = Callable[[Db, int | None], T]
"""An action in a session. The number is the version of the row that the user has seen."""

STEP, SEEN, VERSION = "step", "preview", "version"
"""Fields of a form: `step`, with any value, only previews; `preview` is the fingerprint of the previewed messages."""

CHANGED = "confirmation.changed"
WHEN_SENT = "made when it is sent"
RAW_FILES = 5
"""How many recipients' calendar files are shown in full."""


@dataclass(frozen=True, slots=True)
class PreviewedMessage:
    """An outgoing message as the preview shows it. `files` are (recipient, text); `warning` is why it cannot arrive."""

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
    at: datetime | None = None
    """When it happens by itself."""
    count: int = 1
    """How many messages or files it stands for."""


class Part(NamedTuple):
    """The messages of one kind, for a tab of the preview; `label` counts them: `3 e-mails`."""

    kind: str
    icon: str
    label: str
    messages: Sequence[PreviewedMessage]


PARTS = (
    ("email", "mail", "e-mail"),
    ("calendar", "calendar", "calendar file"),
    ("sms", "smartphone", "text message"),
    ("webhook", "webhook", "webhook"),
    ("work", "clock", "follow-up"),
)
"""The kinds of previewed messages in the order of the tabs, each with its icon and noun. A follow-up is what happens by
itself later, if it is still needed then."""


SENT = ("email", "sms", "webhook")
"""The channels of what leaves at once; the others are follow-ups."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The messages that an action would send.

    `changed` is whether they differ from those that the user saw before; `changes` are those of other users since.
    """

    fingerprint: str
    messages: Sequence[PreviewedMessage]
    summary: str
    fields: Sequence[tuple[str, str]]
    changed: bool = False
    changes: Sequence[Change] = ()
    recipients: Sequence[str] = ()
    """Addresses and hosts that something is sent to, each once."""

    @property
    def parts(self) -> list[Part]:
        """The messages by kind."""
        found = []
        for kind, icon, noun in PARTS:
            messages = [message for message in self.messages if message.kind == kind]
            if messages:
                label = pluralize(sum(message.count for message in messages), noun)
                found.append(Part(kind, icon, label, messages))
        return found

    @property
    def status(self) -> int:
        """409 when the POST was to confirm, and the preview is shown instead."""
        return 409 if self.changed else 200


def confirm(
    action: Action[T], *about: object, leads_to: Action[object] | None = None, always: bool = True
) -> tuple[T | None, Preview | None]:
    """One POST of a form whose action sends messages: its result, or the preview to show instead.

    `about` are facts of the decision that are not in the messages (a room, a reason). `leads_to` is the action that
    sends, when `action` only makes it pending. Without `always` an action that sends nothing runs at the first POST.
    Refusals pass; a stale version that the rules would still allow shows the newest state and the changes of others.
    """
    seen, only_preview = request.form.get(SEEN, ""), bool(request.form.get(STEP))
    version = _version()
    try:
        if only_preview or not seen:
            preview = dry_run(leads_to or action, version, about)
            if not preview.messages and not always:
                return action(transaction.db(), version), None
        elif leads_to:
            preview = dry_run(leads_to, version, about)
            if same(preview.fingerprint, seen):
                return action(transaction.db(), version), None
        else:
            result, preview = _run(action, version, about)
            if same(preview.fingerprint, seen):
                return result, None
    except Refusal as refusal:
        if not isinstance(refusal.current, int):
            raise
        transaction.roll_back()
        version, changes = refusal.current, refusal.changes
        preview = replace(dry_run(leads_to or action, version, about), changes=changes, changed=True)
    else:
        preview = replace(preview, changed=not only_preview)
    transaction.roll_back()
    return None, replace(preview, fields=_posted_fields(version))


def only_shows() -> bool:
    """Whether this POST cannot act yet, because it asks for the preview or has not seen one."""
    return bool(request.form.get(STEP)) or not request.form.get(SEEN)


def dry_run(action: Action[object], version: int | None, about: Sequence[object]) -> Preview:
    """Runs an action, collects the messages that it queues, and rolls everything back."""
    _, preview = _run(action, version, about)
    transaction.roll_back()
    return preview


def _run(action: Action[T], version: int | None, about: Sequence[object]) -> tuple[T, Preview]:
    db = transaction.db()
    with collecting_messages(db) as messages:
        result = action(db, version)
    return result, preview_of(db, messages, *about)


def preview_of(db: Db, messages: Sequence[Message], *about: object) -> Preview:
    """The preview of these messages, with their fingerprint."""
    addresses = [message.payload.get("to") or message.destination for message in messages if message.channel in SENT]
    return Preview(
        fingerprint(messages, *about),
        previewed_messages(db, messages),
        summary(messages),
        (),
        recipients=list(dict.fromkeys(filter(None, addresses))),
    )


def act_as_seen(db: Db, action: Action[T], version: int | None, about: Sequence[object], seen: str) -> T:
    """Runs an action in a session of its own. Raises Conflict when what it sends is not what was seen; the caller then
    rolls back."""
    with collecting_messages(db) as messages:
        result = action(db, version)
    if not same(fingerprint(messages, *about), seen):
        raise Outdated("What would be sent has changed since you saw it. Nothing was done or sent.", code=CHANGED)
    return result


@contextmanager
def collecting_messages(db: Db) -> Iterator[list[Message]]:
    """Collects the messages that are queued in this session until the block ends."""
    found: list[Message] = []
    db.info[COLLECTED] = found
    try:
        yield found
    finally:
        del db.info[COLLECTED]


def people_notified(db: Db) -> int:
    """How many people the e-mails that are collected now go to."""
    messages: Sequence[Message] = db.info.get(COLLECTED, ())
    return len({message.payload["to"] for message in messages if message.channel == "email"})


def summary(messages: Sequence[Message]) -> str:
    """`3 e-mails with a calendar file, and 1 webhook`."""
    emails = [message for message in messages if message.channel == "email"]
    parts = []
    if emails:
        files = any(message.payload["attachments"] for message in emails)
        parts.append(pluralize(len(emails), "e-mail") + (" with a calendar file" if files else ""))
    for channel, noun in (("sms", "text message"), ("webhook", "webhook")):
        found = sum(message.channel == channel for message in messages)
        if found:
            parts.append(pluralize(found, noun))
    if not parts:
        return "no messages"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}"


def previewed_messages(db: Db, messages: Sequence[Message]) -> list[PreviewedMessage]:
    """The messages for a preview: e-mails that differ only in the greeting are shown once, with all addresses."""
    alike: dict[str, list[Message]] = {}
    for message in messages:
        if message.channel == "email":
            alike.setdefault(_impersonal(message), []).append(message)
    found: list[PreviewedMessage] = []
    found += [_email(db, group) for group in alike.values()]
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
            found.append(PreviewedMessage("work", "clock", message.summary, at=message.due_at))
    return found


def _impersonal(message: Message) -> str:
    """The content of an e-mail without the recipient."""
    parts, to, name = content_of_message(message), message.payload["to"], message.payload["name"]
    files = [
        [file[2].replace(to, "").replace(name, "") if name else file[2].replace(to, "")] for file in parts["files"]
    ]
    return orjson.dumps([parts["subject"], parts["text"], files]).decode()


def _email(db: Db, group: Sequence[Message]) -> PreviewedMessage:
    shown = group[0]
    name, address = from_address(db.config, shown.payload)
    answers_to = shown.payload["reply_to"]
    return PreviewedMessage(
        "email",
        "mail",
        "E-mail",
        pluralize(len(group), "person", "people"),
        [
            ("To", ", ".join(message.payload["to"] for message in group)),
            ("From", f"{name} <{address}>" if name else address),
            *([("Answers go to", answers_to)] if answers_to else []),
            ("Subject", shown.payload["subject"]),
        ],
        without_fresh_values(shown, shown.payload["text"]),
        html=sent_html(without_fresh_values(shown, shown.payload["html"])),
        count=len(group),
    )


def _calendars(emails: Sequence[Message]) -> list[PreviewedMessage]:
    """The calendar files, once for all that show the same, with the files of some recipients in full."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], PreviewedMessage] = {}
    for message in emails:
        for file in message.payload["attachments"]:
            if not file["type"].startswith("text/calendar"):
                continue
            previewed = _calendar(message, file)
            key = (previewed.note, tuple(previewed.facts))
            earlier = found.get(key)
            if earlier is None:
                found[key] = previewed
            else:
                files = [*earlier.files, *previewed.files][:RAW_FILES]
                found[key] = replace(earlier, files=files, count=earlier.count + 1)
    return list(found.values())


def _calendar(message: Message, file: dict[str, str]) -> PreviewedMessage:
    from icalendar import Calendar

    calendar = Calendar.from_ical(base64.b64decode(file["content"]))
    event = calendar.walk("VEVENT")[0]
    removes = str(calendar.get("METHOD")) == "CANCEL"
    facts = [
        ("Title", str(event.get("SUMMARY", ""))),
        ("Starts", _time(event, "DTSTART")),
        ("Ends", _time(event, "DTEND")),
        ("Where", without_fresh_values(message, str(event.get("LOCATION", "")))),
        ("File", file["name"]),
    ]
    sequence = int(event.get("SEQUENCE", 0))
    return PreviewedMessage(
        "calendar",
        "calendar-x" if removes else "calendar-plus",
        "Calendar file",
        "removes it from calendars" if removes else "first version" if sequence <= 1 else f"version {sequence}",
        [(label, value) for label, value in facts if value],
        files=[(message.payload["to"], without_fresh_values(message, content_of_file(file)))],
    )


def _time(event: "Component", name: str) -> str:
    field = event.get(name)
    if field is None:
        return ""
    zone = field.params.get("TZID", "")
    return f"{field.dt.day} {field.dt:%b %Y, %H:%M}" + (f", {zone}" if zone else field.dt.strftime(" %Z").rstrip())


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
        except LookupError as reason:
            warning = f"{str(reason).removesuffix('.')}, so it waits until there is one."
    named = webhooks.headers(host, f"[{WHEN_SENT}]", "[the time]", "1", "[over id, time and body]")
    head = "\n".join(f"{name}: {value}" for name, value in named.items())
    shown = message.payload | (message.content or {})
    claims = orjson.dumps(shown["claims"], option=orjson.OPT_INDENT_2).decode()
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


def _posted_fields(version: int | None) -> list[tuple[str, str]]:
    """The posted fields for the confirming form, without those of the confirmation itself."""
    own = ("csrf_token", STEP, SEEN, VERSION)
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in own]
    return fields if version is None else [*fields, (VERSION, str(version))]
