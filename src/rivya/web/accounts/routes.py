"""All pages of accounts and settings."""

from __future__ import annotations

from litestar import Router, get
from litestar.response import Redirect

from rivya.web.accounts import credits, keys, openid, profile, sign_in, sign_up, webhooks


@get("/settings")
async def settings() -> Redirect:
    """Lead to the first of the settings."""
    return Redirect("/settings/profile", status_code=303)


router = Router(
    "/",
    route_handlers=[
        settings,
        sign_in.sign_in_page,
        sign_in.sign_in_form,
        sign_in.sign_out,
        sign_in.forgot_page,
        sign_in.forgot_form,
        sign_in.reset_page,
        sign_in.reset_form,
        openid.sign_in_with,
        openid.returned,
        openid.connect,
        openid.disconnect,
        sign_up.sign_up_page,
        sign_up.sign_up_form,
        sign_up.confirm_page,
        sign_up.confirm_form,
        profile.profile_page,
        profile.profile_form,
        profile.security_page,
        profile.password_form,
        profile.end_session,
        profile.delete_account,
        keys.keys_page,
        keys.create_key,
        keys.rotate_key,
        keys.revoke_key,
        credits.credits_page,
        credits.credits_csv,
        credits.billing_page,
        webhooks.webhooks_page,
        webhooks.create_webhook,
        webhooks.webhook_page,
        webhooks.change_webhook,
    ],
)
