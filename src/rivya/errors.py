"""The public error table: nothing else decides a status code.

Each class is one row: its docstring is the default message, which may be shown to anybody.
"""

from __future__ import annotations

from typing import ClassVar


class PublicError(Exception):
    """Something went wrong."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(
        self, message: str | None = None, *, param: str | None = None, retry_after_s: int | None = None
    ) -> None:
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.param = param
        self.retry_after_s = retry_after_s
        super().__init__(self.message)


class PublicApiDisabled(PublicError):
    """The public API is switched off on this installation."""

    code = "public_api_disabled"
    status = 503


class ApiKeyMissing(PublicError):
    """Send your API key as `Authorization: Bearer rvya_sk_...`."""

    code = "api_key_missing"
    status = 401


class ApiKeyInvalid(PublicError):
    """This API key is not known here."""

    code = "api_key_invalid"
    status = 401


class ApiKeyRevoked(PublicError):
    """This API key was revoked."""

    code = "api_key_revoked"
    status = 401


class ApiKeyExpired(PublicError):
    """This API key has expired."""

    code = "api_key_expired"
    status = 401


class ApiScopeDenied(PublicError):
    """This API key does not hold the scope that the call needs."""

    code = "api_scope_denied"
    status = 403


class RateLimited(PublicError):
    """Too many requests: try again after the time that `Retry-After` gives."""

    code = "rate_limited"
    status = 429


class InsufficientCredits(PublicError):
    """The wallet does not hold enough credits for this call."""

    code = "insufficient_credits"
    status = 402


class SpendLimitReached(PublicError):
    """This API key has spent what it may spend this month."""

    code = "spend_limit_reached"
    status = 402


class ModelNotAvailable(PublicError):
    """This model cannot be called right now."""

    code = "model_not_available"
    status = 409


class UpstreamUnavailable(PublicError):
    """The model's provider could not be reached: nothing was charged."""

    code = "upstream_unavailable"
    status = 502


class ValidationFailed(PublicError):
    """The request is not as documented."""

    code = "validation_failed"
    status = 400


class FileTooLarge(PublicError):
    """The file is larger than its kind may be."""

    code = "file_too_large"
    status = 413


class FileTypeRejected(PublicError):
    """The file is not of an accepted type, or it does not decode."""

    code = "file_type_rejected"
    status = 415


class NotFound(PublicError):
    """There is no such object in this account."""

    code = "not_found"
    status = 404


class MethodNotAllowed(PublicError):
    """This path does not take that method."""

    code = "method_not_allowed"
    status = 405


class IdempotencyConflict(PublicError):
    """This Idempotency-Key was used with another request body."""

    code = "idempotency_conflict"
    status = 409


class InternalError(PublicError):
    """Something went wrong on our side. Sending it again with the same Idempotency-Key is safe."""

    code = "internal_error"
    status = 500


class ChatModelNotSupported(PublicError):
    """There is no such chat model."""

    code = "chat_model_not_supported"
    status = 400


class ChatSessionConflict(PublicError):
    """This session cannot be continued by this call."""

    code = "chat_session_conflict"
    status = 409


class ChatAttachmentNotSupported(PublicError):
    """This attachment cannot be given to this model."""

    code = "chat_attachment_not_supported"
    status = 400


class WebhookUrlRejected(PublicError):
    """Webhooks cannot go to this URL."""

    code = "webhook_url_rejected"
    status = 400


class WebhookEndpointDisabled(PublicError):
    """This webhook endpoint is disabled: set its status to active first."""

    code = "webhook_endpoint_disabled"
    status = 409
