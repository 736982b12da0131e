"""Flask-Admin's list as the queue page."""

from typing import Any

from argon2 import PasswordHasher
from flask import Flask, redirect, request, session
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from bench.peers.contract import QUEUE_PAGE, SECRET, database_url
from bench.peers.tables import Person, Prescreen, set_up

SHOWN = ("name", "email", "organization.name", "template", "locale", "status", "reviewer.name", "created_at")


class Queue(ModelView):
    page_size = QUEUE_PAGE
    can_view_details = True
    column_list = SHOWN
    column_default_sort = [("created_at", True), ("id", True)]
    column_filters = ("status",)
    column_searchable_list = ("name", "email")
    column_auto_select_related = True
    named_filter_urls = True

    def is_accessible(self) -> bool:
        id = session.get("person")
        return bool(id and self.session.session.get(Person, id))


def create_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = SECRET
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url().replace("postgresql://", "postgresql+psycopg://")
    db = SQLAlchemy(app)
    with app.app_context():
        set_up(db.engine)
    Admin(app, name="Desk").add_view(Queue(Prescreen, db, endpoint="prescreens"))

    @app.post("/sign-in")
    def sign_in() -> Any:
        person = db.session.scalars(select(Person).filter_by(email=request.form["email"])).one()
        PasswordHasher().verify(person.password_hash, request.form["password"])
        session["person"] = person.id
        return redirect("/admin/prescreens/", 303)

    @app.get("/health/live")
    def live() -> dict[str, bool]:
        return {"ok": True}

    return app
