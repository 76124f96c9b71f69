"""An OIDC provider on this machine, which can be made to lie in its tokens."""

import json
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import flask
import requests
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import BaseWSGIServer, make_server

with warnings.catch_warnings():  # it uses parts of Authlib that are to go
    warnings.simplefilter("ignore")
    import oidc_provider_mock

Lie = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Provider:
    """The provider.

    Attributes:
        lie: changes the claims of the ID tokens given out.
        key: signs them instead of the provider's own.
        algorithm: how it does.
    """

    address: str
    lie: Lie | None = None
    key: RSAKey | OctKey | None = None
    algorithm: str = "RS256"

    def honest(self) -> None:
        """Tell the truth from now on."""
        self.lie, self.key, self.algorithm = None, None, "RS256"

    def person(self, subject: str, **claims: Any) -> None:
        """Make or change somebody."""
        answer = requests.put(f"{self.address}/users/{subject}", json=claims, timeout=60)
        assert answer.status_code == 204

    def sign_in(self, address: str, subject: str) -> str:
        """Sign in at the page that the portal leads to; gives where the provider leads back."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=60)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def answer(self, response: flask.Response) -> flask.Response:
        """What the provider really sends; it says that it also signs in ways that prove nothing."""
        if flask.request.path == "/.well-known/openid-configuration":
            ways = ["RS256", "HS256", "none"]
            response.set_data(json.dumps(response.get_json() | {"id_token_signing_alg_values_supported": ways}))
        if flask.request.path == "/oauth2/token" and response.status_code == 200 and (self.lie or self.key):
            content = response.get_json()
            own_key = flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True)
            claims = json.loads(jws.extract_compact(content["id_token"].encode()).payload)
            header = {"alg": self.algorithm, "kid": own_key["kid"]}
            claims = self.lie(claims) if self.lie else claims
            key = self.key or RSAKey.import_key(own_key)
            content["id_token"] = jwt.encode(header, claims, key, algorithms=[self.algorithm])
            response.set_data(json.dumps(content))
        return response


@contextmanager
def running() -> Iterator[Provider]:
    """The provider, for as long as the block lasts."""
    app = oidc_provider_mock.app()
    server: BaseWSGIServer = make_server("localhost", 0, app, threaded=True)
    provider = Provider(f"http://localhost:{server.server_port}")
    app.after_request(provider.answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
