"""Run moto's S3 behind a gate: ``python -m tests.files.s3_gate PORT``.

moto looks at no signature. The gate refuses what S3 refuses: who shows none, and a presigned URL that is used for
another method, that was changed, or that expired. botocore says what its signature must be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.wrappers import Response

REGION = "us-east-1"
KEY_ID, SECRET = "tests", "for tests only"


class Gate:
    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        presigned = "X-Amz-Signature=" in environ["QUERY_STRING"]
        if presigned and "HTTP_AUTHORIZATION" in environ:
            return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed")(environ, start_response)
        if not presigned and "HTTP_AUTHORIZATION" not in environ:
            return _refusal(403, "AccessDenied", "Access Denied")(environ, start_response)
        if presigned and not _is_good(environ):
            return _refusal(403, "SignatureDoesNotMatch", "Or the request has expired")(environ, start_response)
        return self._app(environ, start_response)


def _is_good(environ: dict[str, Any]) -> bool:
    query = parse_qs(environ["QUERY_STRING"])
    signed_at = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if datetime.now(UTC) > signed_at + timedelta(seconds=int(query["X-Amz-Expires"][0])):
        return False
    rest = "&".join(part for part in environ["QUERY_STRING"].split("&") if not part.startswith("X-Amz-Signature="))
    path = environ["RAW_URI"].partition("?")[0]
    request = AWSRequest(environ["REQUEST_METHOD"], f"http://{environ['HTTP_HOST']}{path}?{rest}")
    request.context["timestamp"] = query["X-Amz-Date"][0]
    auth = S3SigV4QueryAuth(Credentials(KEY_ID, SECRET), "s3", REGION)
    wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return wanted == query["X-Amz-Signature"][0]


def _refusal(status: int, code: str, message: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status, content_type="application/xml")


if __name__ == "__main__":
    served = Gate(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), served, threaded=True, request_handler=MotoRequestHandler)
