"""The web application, put together. Making it runs no SQL."""

from datetime import timedelta
from typing import Any

from flask import Flask, Response
from flask_appbuilder import AppBuilder
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction, scoped_session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboards.guard import PUBLIC
from dashboards.mount import mount
from portal import db
from portal.config import Config
from portal.domain.forms import Text
from portal.web import (
    admin,
    api,
    csp,
    csrf,
    directories,
    errors,
    home,
    incoming,
    language,
    oidc,
    outage,
    password_gate,
    sane,
    second_factor,
    shell,
    targets,
)
from portal.web.language import DEFAULT, LANGUAGES, TRANSLATIONS
from portal.web.pages import BLUEPRINTS
from portal.web.security import PortalSecurityManager
from portal.web.sessions import PortalSessions


def create_app(config: Config | None = None) -> Flask:
    """Make the application, on the database of `config`; without one, on that which the process is connected to."""
    config = config or Config.load()
    if config.database_url is not None:
        db.connect(config.database_url)
    app = Flask("portal.web")
    app.config.from_mapping(_settings(config))
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=config.trusted_proxies)  # type: ignore[method-assign]  # Flask's own way to wrap it
    app.session_interface = PortalSessions(config)
    directories.install(app, config.sign_in)
    second_factor.install(app, config.sign_in.second_factor_roles)
    csp.install(app)
    errors.install(app)
    outage.install(app)
    shell.install(app)
    with app.app_context():
        appbuilder = AppBuilder(
            app,
            _sessions(app),
            indexview=home.StartView,
            security_manager_class=PortalSecurityManager,
            update_perms=False,
        )
        # After Flask-AppBuilder's own preparation of a request: a refusal shows who is signed in.
        incoming.install(app)
        csrf.install(app)
        sane.install(app)
        targets.install(app)
        password_gate.install(app, public=PUBLIC)
        language.install(app)
        api.register(app, appbuilder)
        app.register_blueprint(admin.register(appbuilder))
    if config.sign_in.oidc is not None:
        oidc.install(app, config.sign_in.oidc)
    app.register_blueprint(home.pages)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    mount(app, Text(config.map_source_zh, config.map_source_en))
    return app


class _FrameworkSession(Session):
    """A session on the engine in use, whenever that was connected."""

    def get_bind(self, *_args: Any, **_kw: Any) -> Engine:
        """The process's engine."""
        return db.engine()


@event.listens_for(_FrameworkSession, "after_begin")
def _identity(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    """Flask-AppBuilder finds out who somebody is; it sees no tenant's rows."""
    db.open_accounts(connection)


def _sessions(app: Flask) -> scoped_session[_FrameworkSession]:
    """Sessions of Flask-AppBuilder for its own tables, one a request; our rows go through `portal.db.transaction`."""
    sessions = scoped_session(sessionmaker(class_=_FrameworkSession))

    def let_go(response: Response) -> Response:
        """Give the connection back before our own session is saved: a request has one connection at a time."""
        sessions.remove()
        return response

    app.after_request(let_go)
    app.teardown_appcontext(lambda _error: sessions.remove())
    return sessions


def _settings(config: Config) -> dict[str, object]:
    """Flask's and Flask-AppBuilder's settings."""
    return {
        "SECRET_KEY": config.secret_key,
        "MAX_CONTENT_LENGTH": config.upload_limit + 64 * 1024,  # the file, and the form around it
        "EVIDENCE_LIMIT": config.evidence_limit,
        "VIRUS_SCANNER": config.virus_scanner,
        "SESSION_COOKIE_NAME": "huizong",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.secure_cookies,
        "APP_NAME": "汇总",
        "APP_THEME": "",
        "LANGUAGES": LANGUAGES,
        "BABEL_DEFAULT_LOCALE": DEFAULT,
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "BABEL_TRANSLATION_DIRECTORIES": str(TRANSLATIONS),
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_API": False,
        "FAB_ADD_MENU_API": False,
        "FAB_ADD_SECURITY_PERMISSION_VIEW": False,
        "FAB_ADD_SECURITY_VIEW_MENU_VIEW": False,
        "FAB_ADD_SECURITY_PERMISSION_VIEWS_VIEW": False,
        "RATELIMIT_ENABLED": False,  # what is counted is counted in the database, for all processes
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(hours=1),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(hours=config.session_hours),
    }
