"""Every page that there is to look at, and who may look."""

from __future__ import annotations

from rivya.web.docs.library import PAGES

PUBLIC = [
    "/developers",
    *(page.url for page in PAGES),
    "/docs/api/models?category=video&status=available",
    "/docs/api/models?q=nothing-is-called-so",
    "/docs/api/models/rivya-sketch",
    "/docs/api/models/rivya-isolate",
    "/docs/api/models/rivya-mini-chat",
    "/docs/api/models/flux-2-pro",
    "/docs/api/reference/generations",
    "/docs/search?q=idempotency",
    "/docs/search?q=zzzz",
    "/developers/debugger",
    "/sign-in",
    "/sign-up",
    "/forgot-password",
    "/reset-password?token=none",
    "/confirm?token=none",
]

SIGNED_IN = [
    "/dashboard",
    "/studio/image",
    "/studio/video",
    "/studio/audio",
    "/studio/chat",
    "/history/generations",
    "/history/chats",
    "/settings/api-keys",
    "/settings/webhooks",
    "/settings/credits",
    "/settings/billing",
    "/settings/profile",
    "/settings/security",
    "/notifications",
]

OPERATOR = ["/admin", "/admin/accounts", "/admin/models", "/admin/tasks", "/admin/audit"]

MISSING = "/docs/api/no-such-page"
