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
create index webhook_endpoints_active on webhook_endpoints (account_id, id) where status = 'active';

-- A test event is of no task.
alter table events alter column task_id drop not null;
alter table events drop constraint events_type_check;
alter table events add constraint events_type_check
    check (type in ('generation.succeeded', 'generation.failed', 'webhook.test'));
alter table events add constraint events_task_check check ((type = 'webhook.test') = (task_id is null));
create index events_tests on events (created_at) where type = 'webhook.test';

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
    attempts        integer not null default 0,    -- since ever: the number of the newest in webhook_attempts
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    primary key (account_id, id),
    unique (account_id, endpoint_id, event_id),
    check ((status = 'pending') = (next_attempt_at is not null))
);
create index webhook_deliveries_pending on webhook_deliveries (account_id, endpoint_id, next_attempt_at)
    where status = 'pending';
create index webhook_deliveries_created on webhook_deliveries using brin (created_at) with (autosummarize = on);

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

-- One row an endpoint that ever had something to be delivered: the lane that its deliveries go along. A worker takes a
-- whole lane, under its own lease, and is then the only one who sends there: what waits for one endpoint, however
-- much, is never in the way of whoever looks for another.
create table webhook_lanes (
    account_id  text not null,
    endpoint_id text not null,
    due_at      timestamptz,  -- never later than the first pending delivery while nobody has the lane; null: nothing waits
    worker_id   text,
    primary key (account_id, endpoint_id)
) with (fillfactor = 50);
create index webhook_lanes_due on webhook_lanes (due_at) where worker_id is null;
create index webhook_lanes_taken on webhook_lanes (worker_id) where worker_id is not null;

-- What an account is told without asking. Its rows are shown on its pages.
create table notifications (
    account_id text not null,
    id         text not null,
    kind       text not null check (kind in ('billing', 'credits', 'generation')),
    title      text not null,
    body       text not null,
    link       text,
    created_at timestamptz not null,
    read_at    timestamptz,
    primary key (account_id, id)
);


-- An id as kit/ids makes it: 48 bits of milliseconds and 80 random bits (those of a UUID that are random).
create function time_ordered_id(p_prefix text) returns text language sql volatile as $$
    with bits as (
        select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms,
               replace(gen_random_uuid()::text, '-', '') as hex
    ),
    parts as (
        select 1 as part, 10 as digits, ms as bits from bits
        union all select 2, 8, ('x' || substr(hex, 1, 10))::bit(40)::bigint from bits
        union all select 3, 8, ('x' || substr(hex, 19, 10))::bit(40)::bigint from bits
    )
    select p_prefix || '_' || string_agg(
        substr('0123456789abcdefghjkmnpqrstvwxyz', (bits >> (5 * (digits - digit)) & 31)::integer + 1, 1), ''
        order by part, digit)
    from parts, generate_series(1, digits) as digit;
$$;


-- Sets an event on its way to each active endpoint of its account that takes its type.
create function webhook_deliver(p_account text, p_event text, p_type text, p_at timestamptz) returns void
language sql as $$
    insert into webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, next_attempt_at, created_at, updated_at)
    select e.account_id, time_ordered_id('whdel'), e.id, p_event, p_type, now(), p_at, p_at
    from webhook_endpoints e
    where e.account_id = p_account and e.status = 'active' and p_type = any (e.event_types)
    order by e.id;
$$;


-- Whoever makes a delivery due makes its lane due, and tells the workers. The lane's row is locked until the end, also
-- when nothing is written to it: webhook_lanes_release cannot miss a delivery that is not yet committed.
create function webhook_deliveries_due() returns trigger language plpgsql as $$
begin
    insert into webhook_lanes as l (account_id, endpoint_id, due_at)
    values (new.account_id, new.endpoint_id, new.next_attempt_at)
    on conflict (account_id, endpoint_id) do update set due_at = excluded.due_at
    where l.due_at is null or l.due_at > excluded.due_at;
    perform pg_notify('rivya_deliveries', new.account_id || ' ' || new.endpoint_id);
    return null;
end $$;
create trigger webhook_deliveries_begun after insert on webhook_deliveries
    for each row when (new.status = 'pending') execute function webhook_deliveries_due();
-- A failed attempt only moves its delivery to later, which its worker knows: this is for one that begins anew.
create trigger webhook_deliveries_begun_anew after update of next_attempt_at on webhook_deliveries
    for each row when (new.status = 'pending' and (old.status <> 'pending' or new.next_attempt_at < old.next_attempt_at))
    execute function webhook_deliveries_due();


-- Gives lanes back that a worker is done with for now, or has to leave; answers which. A lane that somebody is just
-- making due is kept: there is more to do.
create function webhook_lanes_release(
    p_worker text, p_accounts text[], p_endpoints text[], out account_id text, out endpoint_id text
) returns setof record language plpgsql as $$
declare
    v_due_at timestamptz;
begin
    for account_id, endpoint_id in
        select l.account_id, l.endpoint_id
        from unnest(p_accounts, p_endpoints) as given(account, endpoint)
        join webhook_lanes l on l.account_id = given.account and l.endpoint_id = given.endpoint
        where l.worker_id = p_worker
        for update of l skip locked
    loop
        -- A statement of its own: it sees what was committed before the lock was had.
        select min(d.next_attempt_at) into v_due_at from webhook_deliveries d
        where d.account_id = webhook_lanes_release.account_id and d.endpoint_id = webhook_lanes_release.endpoint_id
          and d.status = 'pending';
        update webhook_lanes l set worker_id = null, due_at = v_due_at
        where l.account_id = webhook_lanes_release.account_id and l.endpoint_id = webhook_lanes_release.endpoint_id;
        if v_due_at <= now() then
            perform pg_notify('rivya_deliveries', '');
        end if;
        return next;
    end loop;
end $$;


-- What an endpoint was to get when it stops being active has failed, and says why; begun anew, it is sent after all.
-- An endpoint that was disabled by us, not by its owner, is told of.
create function webhook_endpoints_stopped() returns trigger language plpgsql as $$
begin
    perform from webhook_deliveries d
    where d.account_id = new.account_id and d.endpoint_id = new.id and d.status = 'pending'
    order by d.id for update;
    with ended as (
        update webhook_deliveries d
        set status = 'failed', next_attempt_at = null, attempts = d.attempts + 1, updated_at = now()
        where d.account_id = new.account_id and d.endpoint_id = new.id and d.status = 'pending'
        returning d.id, d.attempts
    )
    insert into webhook_attempts (account_id, delivery_id, number, at, error, duration_ms)
    select new.account_id, ended.id, ended.attempts, now(), 'Not sent: the endpoint was ' || new.status || '.', 0
    from ended;
    if new.status = 'disabled' and new.disabled_reason in ('gone', 'failing') then
        insert into notifications (account_id, id, kind, title, body, link, created_at)
        values (
            new.account_id, time_ordered_id('ntf'), 'generation', 'Webhook endpoint disabled: ' || new.name,
            case new.disabled_reason
                when 'gone' then new.url || ' answered 410: it wants no more. Nothing is sent there any longer.'
                else 'Every delivery to ' || new.url || ' has failed for five days. Nothing is sent there any longer. '
                     || 'Once it works again, activate it and replay what it missed.'
            end,
            '/settings/webhooks', now());
    end if;
    return null;
end $$;
create trigger webhook_endpoints_stopped after update of status on webhook_endpoints
    for each row when (old.status = 'active' and new.status <> 'active')
    execute function webhook_endpoints_stopped();


-- Ends a task once: status, credits, its key's usage, outbox event and the event's deliveries together. p_attempt is the
-- attempt that speaks, or null for one who may end any (deadline, cancel). Returns true if this call ended it.
create or replace function generation_end(
    p_account text, p_task text, p_attempt integer, p_status text, p_credits bigint,
    p_result jsonb, p_error jsonb, p_outcome text, p_event text, p_at timestamptz
) returns boolean language plpgsql as $$
declare
    v_task  tasks;
    v_money record;
begin
    perform from wallets w where w.account_id = p_account for update;
    update tasks t
    set status = p_status, final_credits = p_credits, result = p_result, error = p_error, progress = null,
        worker_id = null, updated_at = p_at
    where t.account_id = p_account and t.id = p_task and t.status in ('queued', 'processing')
      and (p_attempt is null or t.attempt = p_attempt) and (p_status = 'failed' or t.status = 'processing')
    returning * into v_task;
    if not found then
        return false;
    end if;
    select * into v_money from wallet_end(
        p_account, p_task, p_credits, case p_status when 'succeeded' then 'settled' else 'released' end, p_at);
    if v_money.outcome not in ('settled', 'released') then
        raise exception 'task % cannot end as %: its reservation is %', p_task, p_status, v_money.outcome;
    end if;
    if v_task.usage_id is not null then
        perform key_give_back(p_account, v_task.usage_id, v_money.returned, v_task.created_at);
    end if;
    update attempts a set outcome = p_outcome, ended_at = p_at
    where a.account_id = p_account and a.task_id = p_task and a.number = v_task.attempt and a.ended_at is null;
    if v_task.source = 'api' then
        insert into events (account_id, id, type, task_id, created_at)
        values (p_account, p_event, 'generation.' || p_status, p_task, p_at);
        perform webhook_deliver(p_account, p_event, 'generation.' || p_status, p_at);
    end if;
    return true;
end $$;


-- What an endpoint was sent is listed newest first.
create index webhook_deliveries_listed on webhook_deliveries (account_id, endpoint_id, id);
