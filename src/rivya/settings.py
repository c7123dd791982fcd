"""Every setting of Rivya, with its default, its limit and its meaning: ``RIVYA_*`` in the environment or ``.env``."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from rivya.kit.operator_error import OperatorError


class MissingSecretKey(OperatorError):
    """Set RIVYA_SECRET_KEY, to the same on every machine: it signs links, and this data folder holds none."""


def default_data_dir() -> Path:
    """Return ``/var/lib/rivya`` for root, else the user's own data folder (XDG base directories)."""
    if os.geteuid() == 0:
        return Path("/var/lib/rivya/default")
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "rivya"


class Settings(BaseSettings):
    """Read once at start and never changed after."""

    # What was given is not shown when it is refused: it may be a secret.
    model_config = SettingsConfigDict(
        env_prefix="RIVYA_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    environment: Literal["development", "production"] = Field(
        "development", description="In production nothing stands in for a model that has no provider."
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Where this machine keeps its database, media, secret key and work files.",
    )
    database_url: str | None = Field(
        None, description="Any PostgreSQL 15 or later; without it, one is started in the data folder."
    )
    postgres_bin: Path | None = Field(
        None, description="The bin folder of another PostgreSQL installation for the embedded server."
    )
    postgres_user: str | None = Field(
        None, description="The unprivileged user that runs the embedded server when Rivya runs as root."
    )
    host: str = Field("127.0.0.1", description="The address to serve on.")
    port: int = Field(8787, ge=0, le=65535, description="The port to serve on.")
    public_url: str | None = Field(
        None, description="Where clients reach this installation; media links begin with it."
    )
    api_processes: int = Field(1, ge=1, le=64, description="How many processes serve HTTP.")
    worker_processes: int = Field(1, ge=1, le=64, description="How many processes work on tasks.")
    database_connections: int = Field(
        8, ge=2, le=100, description="The most connections that one process opens to PostgreSQL."
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs links and tokens. Without it, one is made and kept in the data folder."
    )
    secret_key_old: SecretStr | None = Field(
        None,
        description="The secret key before it was changed: what was encrypted with it can still be read.",
    )
    providers_file: Path | None = Field(
        None, description="A providers.toml of your own, in place of the one in the package."
    )
    catalog_dir: Path | None = Field(
        None, description="A folder of model files of your own, which add to the package's or override them."
    )
    stand_ins: bool | None = Field(
        None,
        description="Whether a built-in engine may stand in for a model without a provider; "
        "by default only in development.",
    )
    object_store_url: str | None = Field(
        None, description="Where media is kept, such as s3://bucket/prefix; by default the data folder."
    )
    media_redirect: bool = Field(
        True,
        description="Whether media links lead on to the object store, where it signs URLs of its own; "
        "otherwise media pass through the API.",
    )
    account_requests_a_minute: int = Field(
        6000, ge=1, le=10_000_000, description="The most requests that one account may send in any 60 seconds."
    )
    account_in_flight: int = Field(
        1000, ge=1, le=10_000_000, description="The most tasks and chat turns that one account may have in flight."
    )
    key_requests_a_minute: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="The most requests that an API key without a limit of its own may send in any 60 seconds.",
    )
    key_in_flight: int | None = Field(
        None, ge=1, le=10_000_000, description="The most tasks and chat turns that one API key may have in flight."
    )
    media_link_s: int = Field(
        7 * 24 * 3600, ge=60, le=30 * 24 * 3600, description="How long a media link lives, in seconds."
    )
    media_retention_days: int = Field(
        30, ge=1, le=3650, description="How many days uploaded files and fetched references are kept."
    )
    references_allow_private: bool = Field(
        False,
        description="Whether references may be fetched over http and from private addresses, for development only.",
    )
    webhooks_allow_private: bool = Field(
        False,
        description="Whether webhooks may go over http and to private addresses, for development only.",
    )
    webhooks_in_flight: int = Field(
        256, ge=1, le=10_000, description="The most webhooks that one worker sends at the same time."
    )
    webhooks_endpoint_in_flight: int = Field(
        8, ge=1, le=1000, description="The most webhooks that are sent to one endpoint at the same time."
    )
    webhooks_retention_days: int = Field(
        30, ge=7, le=3650, description="How many days webhook deliveries and their attempts are kept."
    )
    webhooks_most_endpoints: int = Field(
        20, ge=1, le=1_000_000, description="The most webhook endpoints that one account may have."
    )
    chat_retention_days: int = Field(
        365, ge=1, le=3650, description="How many days a chat session is kept after its last message."
    )
    max_output_bytes: int = Field(512 * 1024 * 1024, ge=1024, description="The largest file that a model may return.")
    worker_heartbeat_s: float = Field(2.0, gt=0.05, le=10, description="How often a worker says that it lives.")
    worker_lease_s: float = Field(
        10.0, gt=0.2, le=60, description="After this silence a worker's tasks go to the others."
    )
    worker_grace_s: float = Field(
        30.0,
        gt=0.2,
        le=600,
        description="After this silence of the last worker that serves them, models are coming_soon.",
    )
    circuit_failures: int = Field(
        5,
        ge=1,
        le=1_000_000,
        description="After so many failures in a row one model of a provider is left alone for a while.",
    )
    circuit_cool_down_s: float = Field(
        15.0,
        gt=0,
        le=300,
        description="How long that while is at first; it doubles each time, up to five minutes.",
    )
    queue_lease_s: float = Field(
        15.0, gt=0.2, le=120, description="After this silence a picked job goes to another worker."
    )
    worker_concurrency: int = Field(
        200, ge=10, le=10_000, description="The most jobs that one worker starts at the same time."
    )
    engine_concurrency: int = Field(
        4,
        ge=1,
        le=1000,
        description="The most jobs of one built-in engine that workers, together, take ahead of its turn.",
    )
    sign_up: Literal["open", "closed"] = Field(
        "open", description="Whether anybody may sign up, or accounts are made by the operator alone."
    )
    openid_file: Path | None = Field(
        None,
        description="A TOML file of those who may sign people in: OpenID Connect issuers and GitHub. Without it people "
        "sign in with their password alone.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Where letters go out: smtp://user:password@host:587 (with STARTTLS) or smtps://; "
        "without it they are written into the data folder.",
    )
    mail_from: str = Field("Rivya <no-reply@localhost>", description="Whom letters are from.")
    mini_chat_gguf: Path | None = Field(
        None, description="Other weights for rivya-mini-chat: a GGUF file with a chat template."
    )
    scripted_models: bool = Field(
        False, description="Whether the models that do what their params say are there, for tests."
    )
    scripted_journal: Path | None = Field(
        None, description="A file in which the scripted provider notes each call, for tests."
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What Prometheus sends as its bearer token to read /metrics; without one there is no /metrics.",
    )
    log_format: Literal["console", "json"] = Field("console", description="How log lines are written.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log lines that are written."
    )

    @property
    def allows_stand_ins(self) -> bool:
        return self.stand_ins if self.stand_ins is not None else self.environment == "development"

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def old_signing_key(self) -> bytes | None:
        return self.secret_key_old.get_secret_value().encode() if self.secret_key_old is not None else None

    def signing_key(self, *, make: bool = False) -> bytes:
        """Return the key that signs links: the setting, else the one kept in the data folder.

        With ``make`` it is made if there is none: for the one process that owns the data folder. Raises
        MissingSecretKey otherwise, because processes on several machines must agree on it.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        file = self.data_dir / "secret.key"
        if not make:
            if not file.exists():
                raise MissingSecretKey(MissingSecretKey.__doc__)
            return file.read_text().strip().encode()
        # Others may pass through (the embedded server runs as another user), not look around.
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return file.read_text().strip().encode()
        with os.fdopen(handle, "w") as opened:
            opened.write(secrets.token_urlsafe(48))
        return file.read_text().strip().encode()
