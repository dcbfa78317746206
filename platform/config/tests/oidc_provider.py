"""An OpenID Connect provider on loopback: discovery, authorization code with PKCE, RS256 ID tokens, user info.

It keeps to OpenID Connect Core 1.0 and RFC 7636 where a client can go wrong: a code is good once, for its client,
its redirect address and the verifier of its challenge.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from integrations.loopback import listening

CLIENT_ID, CLIENT_SECRET, KEY_ID = "agent-platform", "a client secret of some length", "key-1"


class Denied(Exception):
    """An answer of an endpoint other than success, with OAuth's name for it."""


@dataclass
class OidcProvider:
    """Signs `claims` in at once, without a page; `id_token` changes what it says of itself."""

    claims: dict[str, Any]
    id_token: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Listen on a free port of 127.0.0.1 until the block ends."""
        with listening(_handler(self)) as self.address:
            yield self

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorized(self, query: dict[str, str]) -> str:
        """Return where the browser is sent after signing in. Raises Denied."""
        self.asked.append(query)
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code":
            raise Denied("unauthorized_client")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise Denied("invalid_request")
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query.get('state', '')})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """Exchange a code. Raises Denied."""
        asked = self._codes.pop(form.get("code", ""), None)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Denied("invalid_client")
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        expected = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            raise Denied("invalid_grant")
        if asked["code_challenge"] != expected:
            raise Denied("invalid_grant")
        access = secrets.token_urlsafe(16)
        self._tokens.add(access)
        now = int(time.time())
        said = {"iss": self.address, "aud": CLIENT_ID, "sub": self.claims["sub"], "iat": now, "exp": now + 300}
        signed = jwt.encode({**said, **self.id_token}, self._key, "RS256", headers={"kid": KEY_ID})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def userinfo(self, authorization: str) -> dict[str, Any]:
        if authorization.removeprefix("Bearer ") not in self._tokens:
            raise Denied("invalid_token")
        return self.claims


def _handler(provider: OidcProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server asks for
            parts = urlsplit(self.path)
            try:
                if parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorized(dict(parse_qsl(parts.query))))
                    self.end_headers()
                    return
                answers: dict[str, Callable[[], dict[str, Any]]] = {
                    "/.well-known/openid-configuration": provider.configuration,
                    "/jwks": provider.keys,
                    "/userinfo": lambda: provider.userinfo(self.headers.get("Authorization", "")),
                }
                self._answer(200, answers[parts.path]())
            except Denied as denied:
                self._deny(denied)

        def do_POST(self) -> None:  # as above
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            try:
                self._answer(200, provider.token(form))
            except Denied as denied:
                self._deny(denied)

        def _deny(self, denied: Denied) -> None:
            provider.refused.append(str(denied))
            self._answer(400, {"error": str(denied)})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's signature
            """Say nothing: the provider records what it was asked."""

    return Handler
