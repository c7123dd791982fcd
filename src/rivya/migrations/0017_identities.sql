-- People whom somebody else vouches for: OpenID Connect issuers and GitHub. docs/adr/0020-sign-in-by-others.md has the rules.

-- Somebody at an issuer, and whose account it is. The subject is the issuer's own id of them, which never changes.
create table identities (
    account_id   text not null,
    issuer       text not null,
    subject      text not null,
    email        text not null,                    -- as the issuer had it when it was last used
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    primary key (issuer, subject)
);
create index identities_account on identities (account_id);

-- Sign-ins on their way through an issuer. Belongs to nobody, unless somebody signed in connects another way in.
create table sign_in_flows (
    state_hash   bytea primary key,
    browser_hash bytea not null,                   -- of a cookie: the browser that began is the one that ends
    provider     text not null,
    nonce        text not null,
    verifier     text not null,
    going_to     text not null,
    account_id   text,
    created_at   timestamptz not null,
    expires_at   timestamptz not null
);
create index sign_in_flows_expires on sign_in_flows (expires_at);
