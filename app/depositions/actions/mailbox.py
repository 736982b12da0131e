"""Reads the answers of calendar programs from the mailbox to which they are sent (IMAP_URL).

The folder is opened read-only and no flag is set, so other mail, and whoever reads it, is left alone. How far it was
read is kept by UID; that an answer counts once, by its Message-ID.
"""

import re
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import select

from app.depositions import calendar_replies
from app.depositions.actions.keep_reply import keep_reply
from app.depositions.models import Mailbox
from app.kernel import clock
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database
from app.kernel.db.inserts import insert_or_update

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

log = structlog.get_logger("desk.mailbox")

EVERY = 60.0
"""Seconds between two looks."""
LOOK_SECONDS = 120.0
"""Seconds that one look takes at most; the next goes on where it was cut off."""
LONGEST_TALK = 64 * 1024 * 1024
"""Bytes that a server may say in one look: the largest mails that it reads, and some."""
MOST = 200
"""Mails of one look."""
FIRST = timedelta(days=14)
"""How old a mail is at most that the first look reads."""
_SIZE = re.compile(rb"UID (\d+).*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+).*?UID (\d+)")


def read_replies(database: Database, now: datetime) -> Counter[str]:
    """Reads what has come since the last look. Returns how many mails became what."""
    from app.depositions.actions._imap import signed_in  # with its library, which no other process needs

    found: Counter[str] = Counter()
    parts = urlsplit(database.config.imap_url)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    name = sha256(f"{parts.username}@{parts.hostname}:{parts.port}/{folder}")
    with signed_in(database.config.imap_url, LOOK_SECONDS, LONGEST_TALK) as box:
        box.folder.set(folder, readonly=True)
        status = box.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
        validity = status["UIDVALIDITY"]
        with database.read() as db:
            row = db.execute(select(Mailbox.last).where(Mailbox.name == name, Mailbox.validity == validity)).first()
        last = row.last if row else 0
        since = "" if row else f" SINCE {now - FIRST:%d-%b-%Y}"
        # `*` is the last mail, also where that was read before.
        uids = sorted(uid for each in box.uids(f"UID {last + 1}:*{since}") if (uid := int(each)) > last)[:MOST]
        sizes = _sizes(box, uids)
        done = last
        try:
            for uid in uids:
                small = sizes.get(uid, 0) <= calendar_replies.LARGEST
                found[_read_one(database, box, uid, now) if small else "too large"] += 1
                done = uid
            if row is None and not uids:
                done = status["UIDNEXT"] - 1  # Older mail is not read by the next look either.
        finally:
            if done > last:
                seen = {"name": name, "validity": validity, "last": done, "read_at": now}
                with database.write() as db:
                    db.execute(insert_or_update(db, Mailbox, ("name",), ("validity", "last", "read_at")).values(seen))
    return found


def _read_one(database: Database, box: "BaseMailBox", uid: int, now: datetime) -> str:
    """What became of one mail, which stays as it is."""
    for mail in box.fetch(uid_list=[str(uid)], mark_seen=False):
        try:
            reply, message_id = calendar_replies.read(mail.obj), str(mail.obj.get("Message-ID", "")).strip()
        except Exception as error:  # whatever a library raises for what a stranger has written
            log.warning("a mail cannot be read", uid=uid, error=type(error).__name__)
            return "malformed"
        if reply is None or not message_id:
            return "other mail"
        with database.write() as db:
            return keep_reply(db, reply, message_id, now=now)
    return "gone"


def _sizes(box: "BaseMailBox", uids: list[int]) -> dict[int, int]:
    """The sizes of mails, before any is fetched."""
    if not uids:
        return {}
    _, lines = box.client.uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
    found = {}
    for line in lines:
        if isinstance(line, bytes) and (match := _SIZE.search(line)):
            uid, size = (match[1], match[2]) if match[1] else (match[4], match[3])
            found[int(uid)] = int(size)
    return found


class CalendarReplies:
    """A sweep of the worker: looks into the mailbox each minute, beside everything else, where IMAP_URL names one."""

    def __init__(self) -> None:
        self._next = 0.0
        self._looks: threading.Thread | None = None

    def __call__(self, database: Database, now: datetime) -> bool:
        busy = self._looks is not None and self._looks.is_alive()
        if not database.config.imap_url or busy or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + EVERY
        # In a thread of its own: a mail server that hangs delays no other sweep.
        self._looks = threading.Thread(target=_look, args=(database,), daemon=True, name="calendar-replies")
        self._looks.start()
        return False


def _look(database: Database) -> None:
    try:
        found = read_replies(database, clock.now())
    except Exception as error:  # it looks again in a minute
        log.warning("the mailbox of calendar replies cannot be read", error=type(error).__name__)
        return
    if found:
        log.info("calendar replies", **{name.replace(" ", "_"): n for name, n in found.items()})
