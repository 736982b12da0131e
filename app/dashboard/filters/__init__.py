"""Filters of a desk's list: each is one object that is declared once and read everywhere.

A filter parses its argument of the address and writes it back, names itself in words, offers its control in the form,
and narrows the list: by conditions for the statement, which is built once for each *kind* of filters that are set, and
by the values of a request. `Filters` is the declaration of one desk, `Chosen` what one address asks of it. An argument
that cannot be read is dropped and kept as an `Unreadable`; the other filters hold.

No Flask here: queries take a `Chosen`. docs/queue.md shows how a desk declares its filters.
"""

from app.dashboard.filters.base import Active as Active
from app.dashboard.filters.base import AnyFilter as AnyFilter
from app.dashboard.filters.base import Chosen as Chosen
from app.dashboard.filters.base import Control as Control
from app.dashboard.filters.base import Filter as Filter
from app.dashboard.filters.base import Filters as Filters
from app.dashboard.filters.base import ListKind as ListKind
from app.dashboard.filters.base import Options as Options
from app.dashboard.filters.base import Reader as Reader
from app.dashboard.filters.base import Sources as Sources
from app.dashboard.filters.base import Unreadable as Unreadable
from app.dashboard.filters.base import reach_kind as reach_kind
from app.dashboard.filters.base import reach_values as reach_values
from app.dashboard.filters.base import spread as spread
from app.dashboard.filters.base import within_reach as within_reach
from app.dashboard.filters.days import DAYS as DAYS
from app.dashboard.filters.days import Dated as Dated
from app.dashboard.filters.days import date_range as date_range
from app.dashboard.filters.kinds import Assignee as Assignee
from app.dashboard.filters.kinds import Choice as Choice
from app.dashboard.filters.kinds import Organization as Organization
from app.dashboard.filters.kinds import Person as Person
from app.dashboard.filters.kinds import Reference as Reference
from app.dashboard.filters.kinds import Tabs as Tabs
from app.dashboard.filters.kinds import Tag as Tag
from app.dashboard.filters.kinds import Text as Text
from app.dashboard.filters.kinds import organizations as organizations
