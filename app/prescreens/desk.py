"""The declaration of this desk: everything that the rest of the app knows of it."""

from app.accounts.roles import PRESCREENS
from app.dashboard.desk import Desk
from app.prescreens import jobs
from app.prescreens.events import SUBJECT
from app.prescreens.queries import search

DESK = Desk(
    name=PRESCREENS,
    subject=SUBJECT,
    search_source=search.SOURCE,
    finalizers=jobs.FINALIZERS,
)
