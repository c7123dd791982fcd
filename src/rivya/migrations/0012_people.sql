-- People who sign in: their sessions, mails that prove an address, throttling of guesses, and who did what.

alter table accounts add column name text not null default '';
alter table accounts add column email_verified_at timestamptz;
alter table accounts add column password_changed_at timestamptz;
alter table accounts add column deleted_at timestamptz;

-- A browser that is signed in. Only a hash of its cookie is kept.
create table sessions (
    account_id   text not null,
    id           text not null,
    token_hash   bytea not null,
    user_agent   text not null,
    address      text not null,                    -- the network it came from, not the whole address
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at   timestamptz not null,
    primary key (account_id, id)
);
create unique index sessions_token_hash on sessions (token_hash);
create index sessions_expires on sessions (expires_at);

-- Sign-ups whose address is not proven yet: there is no account until it is. Belongs to nobody.
create table sign_ups (
    token_hash    bytea primary key,
    email         text not null,
    name          text not null,
    password_hash text not null,
    created_at    timestamptz not null,
    expires_at    timestamptz not null
);
create index sign_ups_expires on sign_ups (expires_at);

-- Mails with which a password can be chosen anew.
create table password_resets (
    account_id text not null,
    token_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    primary key (account_id, token_hash)
);
create unique index password_resets_token_hash on password_resets (token_hash);

-- How often a thing was tried in vain of late, by a hash of who tried what. Belongs to nobody.
create table throttles (
    subject       bytea primary key,
    failures      integer not null,
    last_at       timestamptz not null,
    blocked_until timestamptz not null
);
create index throttles_last on throttles (last_at);

-- Who did what to an account: what its owner did to it, and each act of an operator.
create table audit_log (
    account_id text not null,                      -- to whom; '' for an act that is about nobody
    id         text not null,
    actor      text not null,                      -- the account that did it; 'operator' on the command line
    action     text not null,                      -- noun.verb
    details    jsonb not null default '{}',
    address    text not null default '',
    created_at timestamptz not null,
    primary key (account_id, id)
);
create index audit_log_id on audit_log (id);


-- Counts a failure, and says until when the subject is blocked now. The first p_free failures, 1 at least, cost nothing; each one after
-- doubles the time, up to p_most_s. After a day without failures all is forgotten.
create function throttle_failed(
    p_subject bytea, p_free integer, p_most_s integer, p_at timestamptz
) returns timestamptz language sql as $$
    insert into throttles as t (subject, failures, last_at, blocked_until)
    values (p_subject, 1, p_at, p_at)
    on conflict (subject) do update set
        failures = case when t.last_at < p_at - interval '1 day' then 1 else t.failures + 1 end,
        last_at = p_at,
        blocked_until = case
            when t.last_at < p_at - interval '1 day' or t.failures + 1 <= p_free then p_at
            else p_at + make_interval(secs => least(p_most_s, 2.0 ^ least(t.failures - p_free, 20)))
        end
    returning blocked_until;
$$;
