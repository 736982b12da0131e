"""The declaration of this desk: everything that the rest of the app knows of it."""

from app.accounts.roles import DEPOSITIONS
from app.dashboard.desk import Desk
from app.depositions.events import SUBJECT
from app.depositions.queries import search

DESK = Desk(
    name=DEPOSITIONS,
    subject=SUBJECT,
    search_source=search.SOURCE,
)
