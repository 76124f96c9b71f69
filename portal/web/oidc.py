"""Sign-in at an OIDC provider: code flow with PKCE, state and nonce. Authlib speaks the protocol.

The provider is the one other host that the server ever asks anything.
"""

import logging
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, session, url_for
from flask_appbuilder.utils.base import get_safe_redirect
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response

from portal.domain.directory import AnswerRefused, DirectoryPerson, DirectoryUnavailable, NotAdmitted, Origin
from portal.errors import PortalError
from portal.sign_in_settings import OidcSettings
from portal.web.directories import directories, let_in
from portal.web.errors import sentence
from portal.web.signing_in import finish

log = logging.getLogger(__name__)

METHOD = "oidc"
pages = Blueprint("oidc", __name__, url_prefix="/login/oidc")

_SECONDS = 10
_LEEWAY = 60  # seconds that two clocks may differ
_NEXT = "oidc_next"
_STATE = "_state_oidc_"
"""How Authlib's entries of the session begin."""

# Signatures that only the provider can make: never `none`, and never one made with the client's own secret.
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})


def install(app: Flask, settings: OidcSettings) -> None:
    """Offer signing in at the provider."""
    OAuth(app).register(
        "oidc",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        server_metadata_url=settings.issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": settings.scopes, "code_challenge_method": "S256", "default_timeout": _SECONDS},
    )
    app.register_blueprint(pages)


@pages.get("/")
def begin() -> Response:
    """Lead to the provider."""
    for name in [name for name in session if name.startswith(_STATE)]:
        del session[name]  # an attempt that was given up: only the last one counts
    session[_NEXT] = get_safe_redirect(request.args.get("next", "/"))
    try:
        _metadata()
        there: Response = _client().authorize_redirect(url_for("oidc.back", _external=True))
    except (RequestException, ValueError, RuntimeError, DirectoryUnavailable):
        log.exception("the OIDC provider does not answer")
        return _refused(DirectoryUnavailable())
    return there


@pages.get("/back")
def back() -> Response:
    """Take the provider's answer."""
    next_url = get_safe_redirect(session.pop(_NEXT, "/"))
    try:
        user_id = let_in(_person())
    except (DirectoryUnavailable, NotAdmitted, AnswerRefused) as refusal:
        return _refused(refusal)
    return finish(user_id, METHOD, next_url)


def sign_out_there() -> Response | str:
    """What to show after signing out here: a page that leads on to the provider's, if it has one, and comes back.

    A redirect would not do: the policy of the page that the button was on lets forms go to this site only.
    """
    try:
        if directories().settings.oidc is None or "end_session_endpoint" not in _metadata():
            return signed_out()
        back_here = url_for("oidc.signed_out", _external=True)
        there = _client().create_logout_url(back_here, client_id=_settings().client_id)
    except (RequestException, ValueError, DirectoryUnavailable):
        log.exception("the OIDC provider does not answer")
        return signed_out()
    return render_template("signed_out.html", there=there["url"])


@pages.get("/signed-out")
def signed_out() -> Response:
    """Where the provider leads after signing out there."""
    return redirect(url_for("SignInView.login"))


def _person() -> DirectoryPerson:
    """Who the provider says this is, once everything about the answer is in order.

    Raises:
        DirectoryUnavailable: the provider does not answer.
        AnswerRefused: the answer is refused; why is in the log.
    """
    settings = _settings()
    try:
        metadata = _metadata()
        if request.args.get("iss", settings.issuer) != settings.issuer:
            raise AnswerRefused
        token = _client().authorize_access_token(
            claims_options={
                "iss": {"essential": True, "value": settings.issuer},
                "aud": {"essential": True, "value": settings.client_id},
                "nonce": {"essential": True},
            },
            leeway=_LEEWAY,
        )
        claims = dict(token["userinfo"])
        if "userinfo_endpoint" in metadata:
            more = _client().userinfo(token=token)
            if more.get("sub") != claims["sub"]:
                raise AnswerRefused
            claims = {**more, **claims}
    except RequestException as error:
        log.exception("the OIDC provider does not answer")
        raise DirectoryUnavailable from error
    except (AuthlibBaseError, JoseError, KeyError, ValueError) as error:
        log.warning("sign-in by OIDC refused: %s: %r", type(error).__name__, str(error))
        raise AnswerRefused from error
    return _read(settings, claims)


def _read(settings: OidcSettings, claims: dict[str, Any]) -> DirectoryPerson:
    def text(claim: str) -> str:
        value = claims.get(claim, "")
        return value if isinstance(value, str) else ""

    return DirectoryPerson(
        origin=Origin.OIDC,
        issuer=settings.issuer,
        subject=text("sub"),
        username=text("preferred_username"),
        first_name=text("given_name"),
        last_name=text("family_name"),
        full_name=text("name"),
        email=text("email") if claims.get("email_verified") is True else "",
        attributes={claim: _texts(claims.get(claim)) for claim in directories().mapping.attributes()},
    )


def _texts(value: object) -> tuple[str, ...]:
    """A claim's values: a text, or a list of texts."""
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str))


def _metadata() -> dict[str, Any]:
    """What the provider says of itself, asked once; never more ways of signing than are safe.

    Raises:
        DirectoryUnavailable: this is not the provider that the settings name.
    """
    client = _client()
    metadata: dict[str, Any] = client.load_server_metadata()
    if metadata.get("issuer") != _settings().issuer:
        log.error("the OIDC provider calls itself %r, not %r", metadata.get("issuer"), _settings().issuer)
        client.server_metadata.clear()
        raise DirectoryUnavailable
    offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
    metadata["id_token_signing_alg_values_supported"] = sorted(_ALGORITHMS.intersection(offered))
    return metadata


def _client() -> FlaskOAuth2App:
    found: FlaskOAuth2App = current_app.extensions["authlib.integrations.flask_client"].oidc
    return found


def _settings() -> OidcSettings:
    settings = directories().settings.oidc
    assert settings is not None  # noqa: S101 - these pages are there only then
    return settings


def _refused(refusal: PortalError) -> Response:
    flash(sentence(refusal), "warning")
    return redirect(url_for("SignInView.login"))
