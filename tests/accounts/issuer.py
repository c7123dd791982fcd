"""An OpenID Connect issuer and a GitHub, on loopback, in the wire formats of the real ones; whoever asks is signed in.

A test says who signs in, and may spoil what is said of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "rivya-client", "not a secret: s+/cret"
_MISSING = object()


@dataclass
class Issuer:
    """What it publishes and says. ``claims`` is who signs in next; ``spoil`` may change a token's claims."""

    url: str = ""
    claims: dict[str, Any] = field(
        default_factory=lambda: {"sub": "person-1", "email": "ada@example.com", "email_verified": True, "name": "Ada L"}
    )
    keys: list[RSAKey] = field(default_factory=lambda: [new_key()])
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[Issuer, dict[str, Any]], str] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    down: bool = False
    denies: bool = False
    in_userinfo: bool = False
    """The address is not in the token: it has to be asked for."""
    asked: list[str] = field(default_factory=list)

    def token(self, nonce: str) -> str:
        """Return the ID token for who signs in."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.claims}
        if self.in_userinfo:
            claims = {key: value for key, value in claims.items() if not key.startswith("email")}
        claims = {key: value for key, value in self.spoil(claims).items() if value is not _MISSING}
        if self.sign is not None:
            return self.sign(self, claims)
        key = self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    def agree(self, address: str) -> dict[str, str]:
        """Do what the person's browser does at ``address``: sign in, agree; return the query that is sent back."""
        asked = dict(parse_qsl(urlsplit(address).query))
        if self.denies:
            return {"error": "access_denied", "state": asked["state"]}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"]}
        # GitHub says so since 2026.
        return {**back, "iss": self.url if "nonce" in asked else address.partition("/authorize")[0]}


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what takes claims out of a token."""
    return lambda claims: {**claims, **dict.fromkeys(names, _MISSING)}


def new_key() -> RSAKey:
    key = RSAKey.generate_key(2048, {"use": "sig"}, private=True)
    key.ensure_kid()
    return key


@contextmanager
def running() -> Iterator[Issuer]:
    """Run an issuer until the end of the block."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            issuer.asked.append(path)
            match "/down" if issuer.down else path:
                case "/down":
                    self._answer(503, {"error": "down"})
                case "/.well-known/openid-configuration":
                    self._answer(200, _metadata(issuer))
                case "/keys":
                    self._answer(200, KeySet(issuer.keys).as_dict(private=False))
                case "/authorize" | "/login/oauth/authorize":
                    back = issuer.agree(f"http://{self.headers['Host']}{self.path}")
                    self.send_response(302)
                    self.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                case "/userinfo":
                    self._answer(200, issuer.claims)
                case "/api/v3/user":
                    self._answer(200, {"id": int(issuer.claims["sub"]), "login": "ada", "name": None})
                case "/api/v3/user/emails":
                    address = {"email": issuer.claims["email"], "verified": issuer.claims["email_verified"]}
                    other = {"email": "other@example.com", "primary": False, "verified": True, "visibility": None}
                    self._answer(200, [other, {**address, "primary": True, "visibility": "public"}])
                case _:
                    self._answer(404, {"error": "not_found"})

        def do_POST(self) -> None:
            path = urlsplit(self.path).path
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            issuer.asked.append(path)
            refusal = _refusal(issuer, form, self.headers.get("Authorization"))
            if issuer.down:
                self._answer(503, {"error": "down"})
            elif path == "/login/oauth/access_token":
                answer = {"error": refusal} if refusal else {"access_token": "gho_access", "token_type": "bearer"}
                self._answer(200, answer)
            elif refusal:
                self._answer(400, {"error": refusal, "error_description": f"{form} is not to be logged"})
            else:
                nonce = issuer.codes.pop(form["code"])["nonce"]
                self._answer(200, {"access_token": "access", "token_type": "Bearer", "id_token": issuer.token(nonce)})

        def _answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _metadata(issuer: Issuer) -> dict[str, Any]:
    return {
        "issuer": issuer.url,
        "authorization_endpoint": f"{issuer.url}/authorize",
        "token_endpoint": f"{issuer.url}/token",
        "jwks_uri": f"{issuer.url}/keys",
        "userinfo_endpoint": f"{issuer.url}/userinfo",
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }


def _refusal(issuer: Issuer, form: dict[str, str], authorization: str | None) -> str | None:
    """Return why a code is not exchanged: RFC 6749, section 5.2, and RFC 7636, section 4.6."""
    asked = issuer.codes.get(form.get("code", ""))
    client = (form.get("client_id"), form.get("client_secret"))
    if authorization is not None:
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        client = (unquote(pair[0]), unquote(pair[1]))
    if client != (CLIENT, SECRET):
        return "invalid_client"
    if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
        return "invalid_grant"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
    if asked["code_challenge_method"] != "S256" or challenge.rstrip(b"=").decode() != asked["code_challenge"]:
        return "invalid_grant"
    return None
