"""The same thing lies in a file of the same name in every desk package."""

from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "app"
DESKS = ("depositions", "prescreens", "inspections")

KINDS = {
    "__init__": "what this desk is",
    "desk": "the declaration that app/desks.py lists",
    "models": "tables and states",
    "rules": "what is allowed, in sentences",
    "queries": "reads",
    "actions": "writes, one verb a file",
    "events": "every kind of event once",
    "presentation": "labels, rows and timelines for pages",
    "payloads": "what API and webhooks read and write",
    "emails": "outgoing messages by event",
    "forms": "the shape of what is typed",
    "jobs": "what the worker does",
    "api": "the documented API",
    "public": "pages without a sign-in",
    "api_examples": "API equivalents of the page's actions",
    "demo": "demonstration data",
    "locales": "translations",
    "views": "pages for staff",
}
"""Modules and folders that any desk package may have."""

OWN = {
    "depositions": {
        "answers": "visitor pages on which people answer",
        "calendar": "iCalendar files",
        "calendar_replies": "what calendar programs answer",
    },
    "prescreens": {
        "links": "signed links of the prospect",
        "answer_files": "the table of the files that answers name",
        "measures": "tables of what the desk measures about itself",
        "case_files": "a decision as files, for a complaint",
        "personal_files": "what is kept of a contact, with case files",
        "reading": "the reading of every file of an answer each day",
    },
    "inspections": {
        "chain": "the hash chain",
        "evidence": "photos, notes and documents",
        "anchors": "time-stamping authorities",
        "bundle": "the chain as files that verify offline",
        "bundles": "the bundle as a document that the worker makes",
        "people": "personal records that the chain names by their hash",
        "verification": "what a record proves",
        "records": "the record as the database has it, and its verdict",
        "nightly": "the verification of every record each night",
        "reading": "the reading of every original each night",
        "receipts": "what a field user sent, who saw it, and how long it is kept",
        "retention": "the erasing of evidence that is kept no longer",
        "numbers": "the numbers of reports",
        "report": "the report, a PDF in the session's language",
        "user_agents": "what a field user's browser calls itself",
    },
}
"""Modules named by a desk's own subject, each with what it is."""

VIEWS = {
    "__init__": "the blueprint's modules",
    "list": "the queue page",
    "detail": "the page of one item",
    "actions": "what is done to one item",
    "confirmations": "what is read before an act, besides its messages",
    "assignment": "assign, unassign, tags",
    "overview": "charts",
    "filters": "the blueprint and what an address asks of the list",
    "new": "creating an item",
}
"""Files that any desk's `views/` may have."""

OWN_VIEWS = {
    "depositions": {
        "knowledge": "who knows what",
        "capacity_chart": "what the team can hold, on the overview",
        "plan": "who is to take what waits, or what somebody leaves",
        "plan_review": "all messages of a plan, and its bookings one by one",
        "moving": "a booked session’s hour and manager",
        "organizations": "what each organization chose",
        "board": "the day by manager",
        "week": "the load by day and manager",
        "now": "what runs now",
        "checklist": "what is prepared for a request",
        "cases": "the sessions of a case, and a list by case",
        "choosing": "who manages a session, on a page of its own",
        "returns": "where a press leads back to",
        "choices": "the managers of a booking to choose from",
        "managed_by": "the filter by who manages a session",
        "own_filters": "the filters by case, flag and zone",
        "board_filters": "the filters of the board",
        "managers": "the roster",
        "import_managers": "the roster from a file",
        "reading": "what was read of a mail",
        "ask": "questions to the organization",
        "proposing": "other hours for a session, and who can come when",
        "reconfirm": "what was answered on the phone",
    },
    "prescreens": {
        "questionnaires": "the organization's questionnaires",
        "editor": "the draft of a questionnaire",
        "preview": "a draft as a prospect meets it",
        "texts": "language, closing words and translations of a draft",
        "reasons": "the reasons of denials",
        "team": "first looks and notes, without a decision",
        "reminders": "e-mails that are written once",
        "drop_off": "where prospects leave a questionnaire",
        "contact": "a contact with all of their prescreens",
        "contacts": "the list of contacts",
        "personal": "erasing and exporting what is kept of a contact",
        "case_file": "the case file of a prescreen",
        "export": "what is kept of a contact, with case files",
        "files": "the files of answers",
        "fairness": "whether decisions are alike",
        "measured": "filters of the list by the groups of that page",
        "calibration": "cases that every agent decides once more",
    },
    "inspections": {
        "evidence": "the files of an inspection",
        "report": "the report of an inspection",
        "wording": "an organization's own words about consent",
    },
}
"""Files named by a page of one desk alone."""

REQUIRED = {"__init__", "desk", "models", "rules", "queries", "actions", "events", "presentation", "emails", "forms"}
REQUIRED |= {"api", "public", "api_examples", "demo", "views"}


def modules(folder: Path) -> set[str]:
    """Python modules and packages directly in a folder."""
    found = {path.stem for path in folder.glob("*.py")}
    return found | {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("__")}


@pytest.mark.parametrize("desk", DESKS)
def test_a_desk_package_has_the_files_of_every_desk_package(desk: str) -> None:
    found = modules(APP / desk)
    assert found <= KINDS.keys() | OWN[desk].keys(), "Name it by its kind, or list the desk's own subject in OWN."
    assert found >= REQUIRED
    assert found >= OWN[desk].keys()


@pytest.mark.parametrize("desk", DESKS)
def test_its_views_have_the_names_of_every_desks_views(desk: str) -> None:
    found = modules(APP / desk / "views")
    assert found <= VIEWS.keys() | OWN_VIEWS[desk].keys()
    assert found >= {"list", "detail", "actions", "assignment", "overview", "filters"} | OWN_VIEWS[desk].keys()


@pytest.mark.parametrize("desk", DESKS)
def test_reads_and_writes_are_packages_with_the_common_files(desk: str) -> None:
    assert modules(APP / desk / "queries") >= {"__init__", "listing", "detail", "search"}
    assert modules(APP / desk / "actions") >= {"__init__", "_write", "assign"}
