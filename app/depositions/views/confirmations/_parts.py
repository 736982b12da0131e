"""What the confirmations of the desk share: the way back, what it is done to, and its flags."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from flask import url_for
from markupsafe import Markup

from app.accounts.access import me
from app.depositions import presentation
from app.depositions.models import Deposition
from app.depositions.queries import conflicts, people
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.people import Knowledge
from app.depositions.rules import flags
from app.depositions.rules.conflicts import Finding
from app.depositions.rules.timed import Timed
from app.depositions.views.list import QUEUE
from app.kernel.changes.confirmation import Action, people_notified
from app.kernel.db.engine import Db
from app.kernel.text import datetimes
from app.kernel.web.confirmation_pages import Flag

BACK = "Back to the request"


def back_to(deposition: DepositionDetail) -> str:
    return url_for(".detail", id=deposition.id, **QUEUE.choose().args)


class Subject(presentation.Named, Timed, Protocol):
    """Anything that has a deposition's time, and what it is called by."""


def subject_of(deposition: Subject) -> list[str]:
    yours = datetimes.viewer_time(deposition.starts_at, deposition.zone, me().time_zone)
    lines = [presentation.hours(deposition), f"your time {yours}" if yours else "", presentation.name_of(deposition)]
    return [line for line in lines if line]


def changes_of(before: Deposition, after: Deposition) -> list[str]:
    """The manager and the room, where an act changes them."""
    manager, room = "", ""
    if before.manager_id != after.manager_id:
        manager = f"managed by {after.manager_name or 'nobody'} instead of {before.manager_name or 'nobody'}"
    if before.room_url != after.room_url:
        room = f"room {after.room_url}"
    return [line for line in (manager, room) if line]


def flags_on(deposition: DepositionDetail, now: datetime, made: flags.Flagged | None = None) -> list[Flag]:
    """The flags of a tone, the gravest first; of the deposition as it will be `made`, where that is another."""
    country = presentation.country_of(deposition)
    found = [(flag, *presentation.FLAGS[flag.key]) for flag in flags.flags_of(made or deposition, now, country)]
    return [Flag(flag.sentence, icon, tone) for flag, icon, tone in found if tone]


class DryRun:
    """A deposition as a dry run left it, the conflicts that it then has, who then is `behind`, and how many people are
    `notified` by e-mail.

    They are shown, and `findings` goes into the fingerprint: a conflict that came meanwhile is shown before anything is
    done.
    """

    def __init__(self) -> None:
        self.deposition: Deposition
        self.findings: list[Finding] = []
        self.behind: list[Knowledge] = []
        self.notified = 0

    def by(self, act: Action[Deposition], now: datetime) -> Action[Deposition]:
        """The action, which also notes what it leaves."""

        def run(db: Db, version: int | None) -> Deposition:
            self.deposition = act(db, version)
            self.findings[:] = conflicts.findings(db, self.deposition, now, besides=self.deposition.id)
            self.behind[:] = people.outdated(db, self.deposition.id)
            self.notified = people_notified(db)
            return self.deposition

        return run


def gravest_first(flags: Iterable[Flag]) -> list[Flag]:
    """The flags by their tone; those of one tone stay in their order."""
    return sorted(flags, key=lambda flag: flag.tone != "danger")


def why(found: Sequence[Finding], starts_at: datetime, now: datetime, silent: bool = False) -> str:
    """What the reason is to say: why nobody is told, why at an hour that is over, why in spite of an overlap."""
    questions = [
        "why is nobody notified" if silent else "",
        "why at an hour that is over" if starts_at < now else "",
        "why in spite of the overlap" if any(finding.asks for finding in found) else "",
    ]
    text = ", and ".join(filter(None, questions))
    return f"{text[:1].upper()}{text[1:]}?" if text else ""


def conflict_flags(found: Sequence[Finding]) -> list[Flag]:
    """The sentences about conflicts, with links to the sessions that may be named."""
    return [Flag(linked(finding), *presentation.CONFLICTS[finding.grave]) for finding in found]


def linked(finding: Finding) -> Markup:
    """The sentence about a conflict, with its link."""
    if finding.id is None:
        return Markup("{}").format(finding.sentence)
    text = Markup('{}<a href="{}"><bdi>{}</bdi></a>{}')
    return text.format(finding.before, url_for(".detail", id=finding.id), finding.name, finding.after)
