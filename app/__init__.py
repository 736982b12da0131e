"""Session Desk: one staff dashboard and three documented APIs.

`create_app` is the only place that knows every part.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config
    from app.kernel.db.engine import Database


def create_app(config: "Config", database: "Database | None" = None) -> "Flask":
    """The whole application on one database; tests hand in theirs."""
    # Imported here, so that `app.config` and a room's rules can be read without Flask and the rest.
    from flask import Flask
    from flask_wtf.csrf import CSRFProtect
    from jinja2 import StrictUndefined

    from app import health, logs, middleware, web_errors
    from app.accounts import guard
    from app.dashboard.undo import views as holds
    from app.home import navigation
    from app.kernel.api import routing
    from app.kernel.api.rate_limits import Limiter
    from app.kernel.db import transaction
    from app.kernel.text import datetimes, template_filters
    from app.kernel.web import assets
    from app.wiring import wire

    logs.configure(config)
    wiring = wire(config, database)
    app = Flask(__name__)
    # No view here is async; asking each function anew, eleven times a request, costs more than the functions.
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]  # meant
    app.config.update(
        SECRET_KEY=config.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(config.secret_keys[1:]),
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=512 * 1024,
        SESSION_COOKIE_NAME="__Host-desk" if config.production else "desk",
        SESSION_COOKIE_SECURE=config.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        # Pages send no Referer (Referrer-Policy); middleware.py checks Origin and Sec-Fetch-Site instead.
        WTF_CSRF_SSL_STRICT=False,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    app.extensions["config"] = config
    app.extensions["limiter"] = Limiter(config)
    app.extensions["signing_key"] = wiring.signing_key
    middleware.install(app, config)
    web_errors.install(app)
    transaction.install(app, wiring.database)
    CSRFProtect(app).exempt(routing.blueprint)
    assets.install(app)
    datetimes.install(app.jinja_env)
    template_filters.install(app.jinja_env)
    guard.install(app)
    navigation.install(app)
    holds.install(app)
    _open_rooms(app)
    health.install(app)
    return app


def _open_rooms(app: "Flask") -> None:
    """Every page and every documented API."""
    from app.accounts import public as accounts_public
    from app.accounts import views as accounts
    from app.dashboard.saved_views import views
    from app.dashboard.undo import views as holds
    from app.depositions import api as depositions_api
    from app.depositions import public as depositions_public
    from app.depositions import views as depositions
    from app.home import audit_views, reference
    from app.home import views as home
    from app.inspections import api as inspections_api
    from app.inspections import public as inspections_public
    from app.inspections import views as inspections
    from app.kernel.api import routing
    from app.messages import public as mail
    from app.messages import views as deliveries
    from app.prescreens import api as prescreens_api
    from app.prescreens import public as prescreens_public
    from app.prescreens import views as prescreens

    for staff in (
        accounts,
        holds,
        views,
        depositions,
        prescreens,
        inspections,
        deliveries,
        home,
        audit_views,
        reference,
    ):
        app.register_blueprint(staff.pages)
    for visitors in (accounts_public, depositions_public, prescreens_public, inspections_public, mail):
        app.register_blueprint(visitors.public_pages)
    app.extensions["products"] = [room.product for room in (depositions_api, prescreens_api, inspections_api)]
    routing.install(app)
