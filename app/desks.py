"""The one list of desks, in the order of the navigation. App, worker, commands, home, search and audit iterate it."""

from app.accounts.actions.addresses import Follower
from app.dashboard.desk import Desk
from app.dashboard.subjects import Subjects
from app.depositions.desk import DESK as depositions
from app.inspections.desk import DESK as inspections
from app.kernel.db.backfills import Backfill
from app.kernel.text.search import Source
from app.prescreens.desk import DESK as prescreens

DESKS: tuple[Desk, ...] = (depositions, prescreens, inspections)

SEARCH_SOURCES: tuple[Source, ...] = tuple(kind.source for desk in DESKS for kind in desk.searched)
"""Everything that the search finds."""

BACKFILLS: tuple[Backfill, ...] = (
    *(backfill for desk in DESKS for backfill in desk.backfills),
    *(source.backfill() for source in SEARCH_SOURCES),
)
"""What an upgrade makes anew in existing rows; the search index last, because it reads what the others make."""

FOLLOWERS: tuple[Follower, ...] = tuple(desk.follow_address for desk in DESKS if desk.follow_address)
"""Who has a copy of people's addresses."""

SUBJECTS = Subjects({desk.name: desk.subjects for desk in DESKS})
