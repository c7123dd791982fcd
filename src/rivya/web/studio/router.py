"""All that is below /studio."""

from __future__ import annotations

from litestar import Router

from rivya.web.studio import chat_pages, chat_routes, pages, routes

router = Router(
    "/studio",
    route_handlers=[
        pages.studio,
        pages.make,
        pages.form_of,
        pages.more_works,
        pages.card,
        pages.details,
        routes.create,
        routes.estimate,
        routes.read,
        routes.events,
        routes.cancel,
        routes.upload,
        chat_pages.new_chat,
        chat_pages.list_chats,
        chat_pages.chat,
        chat_routes.say,
        chat_routes.estimate,
        chat_routes.turn,
        chat_routes.delete_session,
    ],
)
