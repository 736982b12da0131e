"""E-mails whose link is the recipient's own, and what they have in common."""

import re
from typing import Any

from app.kernel.db.engine import Db
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message


def own_link_message(db: Db, template: str, url: str, /, **facts: Any) -> Message:  # those of `email_message`
    """An e-mail with a link of the recipient's own. The proof at the end of `url` differs each time it is signed: two
    renderings are the same message."""
    return email_message(db, template, fresh=[(re.split("[/=]", url)[-1], "their own proof")], **facts)
