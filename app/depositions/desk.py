"""The declaration of this desk: everything that the rest of the app knows of it."""

from app.accounts.roles import DEPOSITIONS
from app.dashboard.desk import Desk
from app.depositions.queries import search

DESK = Desk(
    name=DEPOSITIONS,
    subject=search.SUBJECT,
    search_source=search.SOURCE,
)
