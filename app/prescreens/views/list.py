"""The queue: what the desk's list page has to know of prescreens (app/dashboard/queue.py shows it)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import url_for

from app.accounts.access import Me, me
from app.accounts.roles import PRESCREENS
from app.dashboard import recent_events
from app.dashboard.filters import Chosen
from app.dashboard.listing import CounterRow, Listing
from app.dashboard.queue import Column, Counts, Csv, Empty, ListState, Queue, Tab, Way
from app.dashboard.routes import add_list_routes
from app.dashboard.undo import queries as undo_queries
from app.kernel import clock
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.errors import Conflict
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.prescreens import actions, presentation
from app.prescreens.events import APPROVED, DENIED, EVENTS, SUBJECT
from app.prescreens.queries import contacts, counts, first_looks, listing, questionnaires
from app.prescreens.queries.listing import ListedPrescreen, Seen
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import review
from app.prescreens.views import measured
from app.prescreens.views.filters import FILTERS, READERS, looker, organizations, pages, writable


def _tab(state: str, left: str = "", tone: str = "", under: str = "") -> Tab:
    """A tab: what it is called stands with the desk's other words."""
    args = {**({"state": state} if state != listing.WAITING else {}), **({"left": left} if left else {})}
    key, days = f"within {left} days" if left else state, int(left) if left else None
    words = presentation.TABS[state, days]
    return Tab(key, words.label, words.title, words.counts, args, tone, under=under)


TABS = (
    _tab(listing.WAITING),
    _tab(listing.WAITING, listing.LEFT[0], "danger"),
    _tab(listing.WAITING, listing.LEFT[1]),
    _tab("asked"),
    _tab("answering"),
    _tab("decided"),
    _tab("approved", under="decided"),
    _tab("denied", under="decided"),
    _tab("expired"),
    _tab("all"),
)


def _moment(moment: datetime | None, zone: str) -> str | None:
    return datetimes.moment(moment, zone) if moment else None


def _answer_column(key: str, head: str) -> Csv[ListedPrescreen, presentation.Row, presentation.RowContext]:
    return Csv(head, lambda each: presentation.csv_value(each.row.submission.get(key)))


class Prescreens(Queue[UUID, ListedPrescreen, presentation.Row, presentation.RowContext]):
    """Prescreens from their start to the decision."""

    desk = PRESCREENS
    subject = SUBJECT
    events = EVENTS
    endpoint = "prescreens.list"
    heading = "Reviews"
    cells = "prescreens/_cells.html"
    identity = (
        Csv("Id", "id"),
        Csv("State", lambda each: presentation.STATE_TEXTS[review.state_of(each.row, each.now)]),
    )
    columns = (
        Column(
            "Who",
            "who",
            (
                Csv("Name", "name"),
                Csv("E-mail", "email"),
                Csv("Telephone", "phone"),
                Csv("Questionnaire", "questionnaire_name"),
                Csv("Version", "template_version"),
                Csv("Organization", "organization_name"),
            ),
            css="title-cell",
        ),
        Column(
            "Key answers",
            "answers",
            (
                Csv("Key answers", lambda each: "; ".join(f"{q}: {answer}" for q, answer in each.shown.headlines)),
                Csv("Answers", lambda each: each.facts.get("answers")),
                Csv("Criteria not met", lambda each: each.facts.get("not_met")),
            ),
            css="answers-cell",
        ),
        Column(
            "Flags",
            "flags",
            (
                Csv("Flags", lambda each: ", ".join(badge.text for badge in each.shown.flags)),
                Csv("Tags", lambda each: ", ".join(each.tags)),
            ),
            css="flags-cell roomy",
        ),
        Column(
            "Assigned to",
            "assignee",
            (Csv("Assigned to", "assignee_name"),),
            css="person-cell",
        ),
        Column(
            "Time left",
            "time_left",
            (
                Csv("Started", "created_at"),
                Csv("Answers sent", "completed_at"),
                Csv("Decide until", "expires_at"),
            ),
            sort="left",
            css="left-cell",
            tabs=tuple(tab.key for tab in TABS if tab.key not in listing.DECIDED),
        ),
        Column(
            "Decided",
            "time_left",
            (
                Csv("Decided", "reviewed_at"),
                Csv("Decided by", "reviewed_by"),
                Csv("Decided, your time", lambda each: _moment(each.row.reviewed_at, each.time_zone)),
            ),
            sort="decided",
            css="left-cell",
            tabs=listing.DECIDED,
        ),
    )
    tabs = TABS
    filters = FILTERS
    noun = ("prescreen", "prescreens")
    groups = presentation.GROUPS

    def seconds(self, tab: Tab) -> float:
        return 2 if tab.key == listing.WAITING or "left" in tab.args else 10

    def choose(self) -> Chosen:
        return measured.readable(super().choose())

    def listing(self, db: Db, chosen: Chosen, now: datetime) -> Listing:
        return listing.listing(db, chosen, now)

    def readable(self, db: Db, rows: Sequence[ListedPrescreen], viewer: Me) -> Sequence[ListedPrescreen]:
        return first_looks.veiled(db, rows, looker(viewer), clock.now())

    def read_more(self, db: Db, rows: Sequence[ListedPrescreen]) -> presentation.RowContext:
        return presentation.RowContext(
            questionnaires.questions_of(db, ((row.workflow_template_id, row.template_version) for row in rows)),
            contacts.returning(db, rows),
            undo_queries.pending_of(db, SUBJECT, (row.id for row in rows)),
        )

    def further_csv(
        self, db: Db, chosen: Chosen
    ) -> Sequence[Csv[ListedPrescreen, presentation.Row, presentation.RowContext]]:
        """A column for each question of the questionnaires in the list, in all of their versions."""
        narrowed = str(chosen.args.get("template", ""))
        wanted = UUID(narrowed) if narrowed else None
        questions = questionnaires.every_question(db, Reach(chosen.organization_ids), wanted)
        taken = {column.head for column in self.csv}
        return [_answer_column(key, head) for key, head in presentation.csv_heads(questions, taken)]

    def export_facts(self, db: Db, rows: Sequence[ListedPrescreen]) -> Mapping[UUID, Mapping[str, object]]:
        versions = ((row.workflow_template_id, row.template_version) for row in rows)
        questions = questionnaires.questions_of(db, versions)
        found = {}
        for row in rows:
            answers = presentation.answer_rows(
                questions[row.workflow_template_id, row.template_version], row.submission
            )
            found[row.id] = {
                "answers": "\n".join(f"{each.question}: {each.answer}" for each in answers if each.asked),
                "not_met": "\n".join(f"{each.question}: {each.criterion}" for each in answers if each.met is False),
            }
        return found

    def counts_groups(self, chosen: Chosen) -> bool:
        return listing.is_plain(chosen) and not chosen.sort

    def counts(self, chosen: Chosen, counters: Sequence[CounterRow]) -> Counts:
        numbers = counts.read(counters)

        def of(tab: Tab) -> int:
            left = tab.args.get("left")
            return numbers.of(tab.args.get("state", listing.WAITING), int(left) if left else None)

        total = of(self.tab_of(chosen)) if listing.is_plain(chosen) else None
        groups = {key: numbers.group(key) for key in self.groups if key != "found"}
        return Counts({tab.key: of(tab) for tab in self.tabs}, total, groups if self.counts_groups(chosen) else None)

    def lede(self, tab: Tab, counts: Counts) -> str:
        text = super().lede(tab, counts)
        if tab.key != listing.WAITING:
            return text
        found = organizations(self.choose())
        where = found[0][1] if len(found) == 1 else pluralize(len(found), "organization")
        urgent = next(each for each in self.tabs if each.args.get("left") == listing.LEFT[0])
        waiting = f"{text.removesuffix('.')} at {where}."
        return f"{waiting} {super().lede(urgent, counts)}" if counts.tabs[urgent.key] else waiting

    def row(
        self,
        list_state: ListState,
        context: presentation.RowContext,
        key: str,
        row: ListedPrescreen,
        tags: tuple[str, ...],
        viewer: Me,
    ) -> presentation.Row:
        state = list_state.chosen.tab
        with_state = not key or state == "all" or (state == "answering" and key in ("found", "sorted"))
        several = list_state.chosen.several
        return presentation.row(row, tags, context, viewer, list_state.now, with_state=with_state, several=several)

    def empty(self, list_state: ListState, counts: Counts) -> Empty:
        if counts.tabs["all"] == 0:
            questionnaires = Way("Questionnaires", url_for("prescreens.questionnaires"), "list-checks")
            text = "They come in through the public links of your questionnaires."
            return Empty("inbox", "No prescreens yet", text, [questionnaires])
        left = list_state.tab.args.get("left")
        if left:
            return Empty("calendar-check", "Nothing is urgent", f"None that waits expires within {left} days.")
        if list_state.tab.key == listing.WAITING:
            decided = (APPROVED, DENIED)
            last = recent_events.since(reading(), SUBJECT, decided, me().scope(PRESCREENS).where)
            since = f" since {datetimes.moment(last, me().time_zone, list_state.now)}" if last else ""
            text = f"Nobody waits{since}. New prescreens appear here as soon as a prospect has sent the answers."
            return Empty("check-check", "Everything is decided", text)
        return Empty("check-check", "Nothing here", "No prescreen is in this list now.")

    def name_of(self, row: ListedPrescreen) -> str:
        return presentation.name_of(row)

    def distinguishing_fact(self, row: ListedPrescreen) -> str:
        return row.questionnaire_name

    def assign(self, db: Db, id: UUID, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        former = Seen.read(version).assignee_id
        actions.assign(db, id, assignee=person, former=former, reach=writable(), by=by, now=now)

    def unassign(self, db: Db, id: UUID, *, by: Actor, now: datetime, version: int) -> None:
        former = Seen.read(version).assignee_id
        if former is None:
            raise Conflict("This is assigned to nobody. Nothing was changed.", code="session.taken")
        actions.unassign(db, id, former=former, reach=writable(), by=by, now=now)


QUEUE = Prescreens()
add_list_routes(pages, QUEUE, READERS)
