"""A server that speaks S3, on loopback, with one bucket, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from tests.files.s3_gate import KEY_ID, REGION, SECRET
from tests.running import eventually, free_port

BUCKET = "media"


@dataclass
class S3Server:
    """Its content lives and dies with its process."""

    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What tells a store where the server is and who asks."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
        }

    @cached_property
    def client(self) -> Any:
        """Amazon's own client: a second opinion on what is in the bucket."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of the objects that begin so; at most a thousand."""
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for found in listed.get("Contents", [])]

    def unfinished(self) -> list[str]:
        """Return the keys of the uploads in parts that were neither completed nor given up."""
        return [found["Key"] for found in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]


@contextmanager
def running(server: S3Server | None = None) -> Iterator[S3Server]:
    """Run a server, with an empty bucket, until the block ends."""
    server = server or S3Server()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.files.s3_gate", str(server.port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:

        def made() -> bool:
            assert process.poll() is None, "the S3 server did not start"
            try:
                server.client.create_bucket(Bucket=BUCKET)
            except EndpointConnectionError:
                return False
            return True

        try:
            eventually(made, within_s=60)
            yield server
        finally:
            process.kill()
