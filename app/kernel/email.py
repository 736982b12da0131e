"""Letters: rendered when the thing happens, sent by the worker.

A letter is a folder `templates/email/<name>/` with subject.txt, body.txt and body.html; a file of the same name with a
locale before its ending (`body.de.html`) wins for that locale. Rendered without Flask; only .html escapes.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.kernel.db import Db
from app.kernel.outbox import Message

RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur"))


@dataclass(frozen=True, slots=True)
class Attachment:
    """`type` may carry parameters: `text/calendar; method=REQUEST`."""

    name: str
    type: str
    content: bytes


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=lambda name: bool(name and name.endswith(".html")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
)


def letter(
    db: Db,
    template: str,
    *,
    to: str,
    name: str = "",
    locale: str = "en",
    subject_line: str | None = None,
    attachments: Iterable[Attachment | tuple[str, str, bytes]] = (),
    secret: bool = False,
    due_at: datetime | None = None,
    dedupe: str | None = None,
    **context: Any,
) -> Message:
    """One letter to one recipient, rendered now from `templates/email/<template>/`.

    `secret` (links, codes) blanks it once sent and keeps its subject out of the staff's lists. Every template also
    knows `recipient_name`, `recipient`, `locale`, `dir` and `base_url`.
    """
    known = {
        "recipient": to,
        "recipient_name": name,
        "locale": locale,
        "dir": "rtl" if locale.split("-")[0] in RIGHT_TO_LEFT else "ltr",
        "base_url": db.config.public_base_url,
        **context,
    }
    subject = one_line(subject_line or _template(template, "subject", "txt", locale).render(known))
    html = _template(template, "body", "html", locale).render({**known, "subject": subject})
    title = template.replace("-", " ").capitalize() if secret else subject
    return Message(
        channel="email",
        payload={
            "to": to,
            "name": name,
            "locale": locale,
            "subject": subject,
            "text": _template(template, "body", "txt", locale).render({**known, "subject": subject}).strip() + "\n",
            "html": html,
            "attachments": [_packed(attachment) for attachment in attachments],
        },
        destination=to.rpartition("@")[2],
        due_at=due_at,
        dedupe=dedupe,
        secret=secret,
        summary=f"{title} · {to}",
    )


def one_line(text: str) -> str:
    """For a mail header: no line breaks, no control characters, single spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _template(folder: str, part: str, ending: str, locale: str) -> Template:
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
    }
