"""Pages for prospects, who have no account: the chat, one question a step, and what follows once the answers are sent.

GET writes nothing, because mail scanners open links. The link of a chat is the only proof of its prospect, so it is
unguessable.
"""

from app.prescreens.public import afterwards, again, answering, files, inquiry
from app.prescreens.public._pages import VISITOR_PAGES, public_pages

__all__ = ["VISITOR_PAGES", "afterwards", "again", "answering", "files", "inquiry", "public_pages"]
