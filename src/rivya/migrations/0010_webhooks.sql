-- Webhooks: where an account hears of its tasks' ends, what is to be delivered there, and every attempt that was made.

create table webhook_endpoints (
    account_id      text not null,
    id              text not null,
    name            text not null,
    url             text not null,
    event_types     text[] not null,
    status          text not null default 'active' check (status in ('active', 'disabled', 'revoked')),
    secret          bytea not null,                -- encrypted (kit/secrets)
    secret_preview  text not null,
    old_secret      bytea,                         -- encrypted; signs as well until old_secret_until
    old_secret_until timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    failing_since   timestamptz,                   -- the first failure since the last success
    failure_count   integer not null default 0,    -- attempts that failed since the last success
    disabled_reason text check (disabled_reason in ('owner', 'gone', 'failing')),
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    disabled_at     timestamptz,
    revoked_at      timestamptz,
    primary key (account_id, id)
);

-- A test event is of no task.
alter table events alter column task_id drop not null;
alter table events drop constraint events_type_check;
alter table events add constraint events_type_check
    check (type in ('generation.succeeded', 'generation.failed', 'webhook.test'));
alter table events add constraint events_task_check check ((type = 'webhook.test') = (task_id is null));

-- One row for each event and endpoint that is to hear of it. A redelivery begins the same row anew: what was tried
-- before stays in webhook_attempts, and the receiver sees the same event id.
create table webhook_deliveries (
    account_id      text not null,
    id              text not null,
    endpoint_id     text not null,
    event_id        text not null,
    event_type      text not null,
    status          text not null default 'pending' check (status in ('pending', 'succeeded', 'failed')),
    tries           integer not null default 0,    -- since it was begun (anew): its place in the schedule
    next_attempt_at timestamptz,
    worker_id       text,                          -- who is sending it now, under that worker's lease
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    primary key (account_id, id),
    unique (account_id, endpoint_id, event_id),
    check ((status = 'pending') = (next_attempt_at is not null))
);

create table webhook_attempts (
    account_id      text not null,
    delivery_id     text not null,
    number          integer not null,
    at              timestamptz not null,
    response_status integer,
    response_body   text,
    error           text,
    duration_ms     integer not null,
    primary key (account_id, delivery_id, number)
);
