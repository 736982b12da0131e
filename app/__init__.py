"""Session Desk: one staff dashboard and three documented APIs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config
    from app.kernel.db.engine import Database
    from app.wiring import Wiring


def create_app(config: "Config", database: "Database | None" = None) -> "Flask":
    """Returns the web application. Tests hand in their database."""
    # Imported here, so that `app.config` and the rules of a desk can be read without Flask and the rest.
    from app import health, logs, middleware, web_errors
    from app.accounts import guard
    from app.dashboard.undo import views as undo
    from app.home import navigation
    from app.kernel.api import routing
    from app.kernel.db import transaction
    from app.kernel.text import datetimes, template_filters
    from app.kernel.web import assets, compression, form_tokens, visitors
    from app.wiring import wire

    logs.configure(config)
    wiring = wire(config, database)
    app = _flask(config)
    _share(app, wiring)
    visitors.install(app, (pages for desk in wiring.desks for pages in desk.visitor_pages))
    compression.install(app)
    web_errors.install(app)
    middleware.install(app, config)
    form_tokens.install(app, routing.blueprint)
    assets.install(app)
    datetimes.install(app.jinja_env)
    template_filters.install(app.jinja_env)
    guard.install(app)
    navigation.install(app)
    undo.install(app)
    _register_blueprints(app, wiring)
    routing.install(app)
    health.install(app)
    transaction.install(app, wiring.database)
    return app


def _flask(config: "Config") -> "Flask":
    """Flask and Jinja with the settings of this app."""
    from jinja2 import StrictUndefined

    from app.kernel.web.session_cookie import SessionInterface
    from app.web_errors import Application

    app = Application(__name__)
    app.session_interface = SessionInterface()
    # No view is async; asking every function anew, eleven times a request, costs more than the functions.
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
    # There are no more templates than files; a cache with a limit finds its oldest one anew with every use.
    app.jinja_options = {**app.jinja_options, "cache_size": -1}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    return app


def _share(app: "Flask", wiring: "Wiring") -> None:
    """Puts the collaborators where requests find them."""
    app.extensions.update(
        config=wiring.config,
        limiter=wiring.limiter,
        signing_key=wiring.signing_key,
        desks=wiring.desks,
        subjects=wiring.subjects,
        followers=[desk.follow_address for desk in wiring.desks if desk.follow_address],
        products=[desk.product for desk in wiring.desks],
    )


def _register_blueprints(app: "Flask", wiring: "Wiring") -> None:
    """Registers the pages: first what all desks share, then each desk, then what stands on them."""
    from app.accounts import public as accounts_public
    from app.accounts import views as accounts
    from app.accounts.public import colour
    from app.dashboard.documents import views as documents
    from app.dashboard.saved_views import views as saved_views
    from app.dashboard.undo import views as undo
    from app.home import audit_views, reference
    from app.home import views as home
    from app.messages import old_addresses
    from app.messages import public as mail
    from app.messages import views as messages

    for blueprint in (
        accounts.pages,
        accounts_public.public_pages,
        colour.public_pages,
        undo.pages,
        saved_views.pages,
        documents.pages,
        *(blueprint for desk in wiring.desks for blueprint in desk.blueprints),
        messages.pages,
        old_addresses.pages,
        mail.public_pages,
        home.pages,
        audit_views.pages,
        reference.pages,
    ):
        app.register_blueprint(blueprint)
