"""A small site of every part, to look at without a database: a queue, a detail page, a public page, refusals."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, flash, render_template
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)

from app import middleware, web_errors
from app.config import Config
from app.depositions.rules import day_ruler
from app.home.navigation import Group, NavigationLink
from app.kernel.errors import Conflict, Gone
from app.kernel.text import datetimes, template_filters
from app.kernel.web import assets, form_tokens, htmx, visitors
from app.kernel.web.forms import VersionedForm, at_most, choices, needed

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)
LONG = "A very long case name that goes on, because somebody pasted the whole caption of the docket here"


class ScheduleForm(VersionedForm):
    manager = SelectField(
        "Manager", choices=choices(("q", "Quartz Verbena, overlaps 30 min"), ("a", "Amber Zinnia, free"))
    )
    why = TextAreaField("Why schedule over the overlap?", [needed("Say why."), at_most(2000)])
    day = DateField("Date")
    at = TimeField("Start")
    minutes = IntegerField("Minutes")
    room = StringField("Join room", [at_most(40)], description="Where they meet.")
    notify = BooleanField("Mail everyone who was invited", default=True)
    by = RadioField("Send the code by", choices=choices(("email", "E-mail"), ("sms", "SMS")), default="email")


def _row(name: str, case: str, hours: float, zone: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "case": case, "at": NOW + timedelta(hours=hours), "zone": zone, **more}


GROUPS = [
    {
        "title": "Starts within 24 hours",
        "icon": "alarm-clock",
        "tone": "danger",
        "rows": [
            _row(
                "Orsolya Brandt", "Keller v. Northline", 2.67, "America/New_York", who="Ana Ruiz", odd="No manager free"
            ),
            _row("Malachite Yarrow", "567-case-id-name", 18.17, "America/Los_Angeles", tone="warn"),
        ],
    },
    {
        "title": "Waiting over 24 hours",
        "icon": "hourglass",
        "tone": "warn",
        "rows": [
            _row("Amara Whitfield", "Brightwater Homes", 140, "America/Los_Angeles", who="Ana Ruiz", done=True),
            _row("منى عبد الرحمن", LONG, -15900, "Europe/Paris"),
        ],
    },
]


def make() -> Flask:
    """The site, with the house's own edges: its policy, its refusals."""
    site = Flask(
        "design",
        root_path=str(ROOT / "app"),
        static_folder=str(ROOT / "app/static"),
        template_folder=str(ROOT / "app/templates"),
    )
    site.config.update(SECRET_KEY="only for tests", WTF_CSRF_TIME_LIMIT=None)
    here = FileSystemLoader(Path(__file__).parent / "templates")
    site.jinja_env.loader = ChoiceLoader([here, site.jinja_loader or here])
    site.jinja_env.undefined = StrictUndefined
    site.jinja_env.trim_blocks = site.jinja_env.lstrip_blocks = True
    form_tokens.install(site)
    config = Config.for_tests()
    site.extensions["config"] = config
    visitors.install(site, ())
    middleware.install(site, config)
    web_errors.install(site)
    assets.install(site)
    datetimes.install(site.jinja_env)
    template_filters.install(site.jinja_env)
    site.context_processor(_around)
    _routes(site)
    return site


def _around() -> dict[str, Any]:
    me = SimpleNamespace(
        name="Ines Moreau", email="ines@house.example", theme="system", single_keys=True, time_zone="Europe/Paris"
    )
    links = (
        NavigationLink("Requests", "inbox", "/queue", "page", 31),
        NavigationLink("Deliveries", "send", "/detail", "", 2, "danger", "failing"),
    )
    groups = (Group("Depositions", links),)
    return {"me": me, "desks": lambda: groups, "pending": [], "undone": "", "now": NOW, "groups_of_rows": GROUPS}


def _routes(site: Flask) -> None:
    def queue() -> Response:
        return htmx.respond("queue.html", "_design_queue.html", "queue")

    def detail() -> Response:
        end, office = NOW + timedelta(minutes=75), (time(7), time(20))
        day = day_ruler.day_ruler(NOW, end, "America/Los_Angeles", "Europe/Paris", office)
        return htmx.respond("detail.html", form=ScheduleForm(version=3), start=NOW, end=end, day=day)

    def schedule() -> Response:
        ScheduleForm().check()
        flash("Scheduled. Brandt is next.")
        return htmx.see_other("/queue?done=1")

    def late() -> Response:
        raise Conflict("Not scheduled: Ana Ruiz got there first. Your reason is still in the box.")

    def broken() -> tuple[str, int]:
        return "<h1>Bad gateway</h1>", 502

    def gone() -> Response:
        raise Gone("This link was used before. Ask for a new one.")

    site.add_url_rule("/", "home.search", queue)
    site.add_url_rule("/palette", "home.palette", lambda: "")
    site.add_url_rule("/holds", "holds.list", queue)
    site.add_url_rule("/queue", "queue", queue)
    site.add_url_rule("/detail", "detail", detail)
    site.add_url_rule("/settings", "accounts.settings", queue)
    site.add_url_rule("/sign-out", "accounts.sign_out", queue, methods=["POST"])
    site.add_url_rule("/chat", "chat", lambda: render_template("chat.html"))
    site.add_url_rule("/gone", "gone", gone)
    site.add_url_rule("/detail/schedule", "schedule", schedule, methods=["POST"])
    site.add_url_rule("/detail/late", "late", late, methods=["POST"])
    site.add_url_rule("/detail/broken", "broken", broken, methods=["POST"])
