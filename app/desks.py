"""The one list of desks, in the order of the navigation. App, worker, commands, home, search and audit iterate it."""

from app.dashboard.desk import Desk
from app.dashboard.subjects import Subjects
from app.depositions.desk import DESK as depositions
from app.inspections.desk import DESK as inspections
from app.prescreens.desk import DESK as prescreens

DESKS: tuple[Desk, ...] = (depositions, prescreens, inspections)

SUBJECTS = Subjects({desk.name: desk.subjects for desk in DESKS})
