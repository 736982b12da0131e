"""The declaration of this desk: everything that the rest of the app knows of it."""

from app.accounts.roles import INSPECTIONS
from app.dashboard.desk import Desk
from app.inspections import jobs
from app.inspections.events import SUBJECT
from app.inspections.queries import search

DESK = Desk(
    name=INSPECTIONS,
    subject=SUBJECT,
    search_source=search.SOURCE,
    handlers=jobs.HANDLERS,
)
