"""The filters of the board. What does not match stays on it as time that is taken: hours and free people stay true."""

from collections.abc import Iterable, Sequence

from flask import request, url_for

from app.accounts.access import me
from app.accounts.roles import DEPOSITIONS
from app.dashboard.assignees import ME, UNASSIGNED
from app.dashboard.filters import Active, Chosen, Control, Filters, Reader, Tabs
from app.depositions.models import Manager
from app.depositions.queries import tabs
from app.depositions.views.list import QUEUE
from app.depositions.views.managed_by import ManagedBy, Outsider
from app.depositions.views.own_filters import HasFlag, InZoneOfDay, OfCase

MANAGER = ManagedBy()


def read(zones: Iterable[str]) -> Chosen:
    """What the address sets. `zones` are those to choose from."""
    declared = Filters(
        Tabs("view", (tabs.EVERYTHING,)),
        [MANAGER, InZoneOfDay(sorted(set(zones))), OfCase(), HasFlag()],
        {},
        lambda chosen: (),
    )
    scope, person = me().scope(DEPOSITIONS), me()
    reach = None if scope.everything else frozenset(scope.organization_ids)
    given = {name: text for name, text in request.args.items() if name != "view"}
    return declared.read(given, Reader(person.id, reach, person.time_zone))


def controls(chosen: Chosen, day: str) -> list[Control]:
    """The form; the day stays."""
    return [Control("hidden", "day", "", day), *chosen.controls(QUEUE)]


def chips(chosen: Chosen, day: str) -> Sequence[tuple[Active, str]]:
    """The filters that are set, each with the address without it."""
    return [(one, url_for(".board", day=day, **chosen.without(one).args)) for one in chosen.active(QUEUE)]


def shows(chosen: Chosen, manager: Manager | None, key: str) -> bool:
    """Whether the line of a manager, or the one without a manager, is among those that were asked for."""
    wanted = chosen.get(MANAGER)
    if wanted is None:
        return True
    if wanted is UNASSIGNED:
        return key == "unassigned"
    if isinstance(wanted, Outsider):
        return key == str(wanted.id)
    return manager is not None and manager.person_id == (me().id if wanted is ME else wanted)
