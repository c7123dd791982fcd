-- Tasks, the attempts made for them, the events of their ends, and the keys that make their creation idempotent.

create table tasks (
    account_id          text not null,
    id                  text not null,
    key_id              text,
    source              text not null check (source in ('api', 'studio')),
    status              text not null default 'queued'
                        check (status in ('queued', 'processing', 'succeeded', 'failed')),
    model               text not null,
    prompt              text,
    params              jsonb not null,
    inputs              jsonb not null default '[]',  -- references, resolved to objects in our store
    client_request_id   text,
    reserved_credits    bigint not null,
    final_credits       bigint not null default 0,
    provider            text,
    attempt             integer not null default 0,
    worker_id           text,
    progress            smallint,
    result              jsonb,
    error               jsonb,
    cancel_requested_at timestamptz,
    deadline_at         timestamptz not null,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    primary key (account_id, id),
    check (final_credits between 0 and reserved_credits),
    check ((status = 'succeeded') = (result is not null)),
    check ((status = 'failed') = (error is not null)),
    check (status = 'succeeded' or final_credits = 0)
);
create index tasks_open_deadline on tasks (deadline_at) where status in ('queued', 'processing');
create index tasks_watched on tasks (worker_id) where status = 'processing';

-- One row a call of a provider: written before the call, so that no crash can hide that it may have been made.
create table attempts (
    account_id text not null,
    task_id    text not null,
    number     integer not null,
    provider   text not null,
    handle     text,
    outcome    text,
    started_at timestamptz not null,
    ended_at   timestamptz,
    primary key (account_id, task_id, number)
);

-- One row a worker process. Its tasks are its own while it keeps saying that it lives.
create table workers (
    id           text primary key,
    host         text not null,
    pid          integer not null,
    started_at   timestamptz not null default now(),
    heartbeat_at timestamptz not null default now()
);

create table idempotency_keys (
    account_id  text not null,
    route       text not null,
    key         text not null,
    fingerprint bytea not null,
    subject_id  text not null,
    response    bytea not null,
    created_at  timestamptz not null,
    primary key (account_id, route, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

-- The outbox: one row for the end of each task made through the public API, in the transaction that ends it.
create table events (
    account_id text not null,
    id         text not null,
    type       text not null check (type in ('generation.succeeded', 'generation.failed')),
    task_id    text not null,
    created_at timestamptz not null,
    primary key (account_id, id),
    unique (account_id, task_id)
);


-- Accepts a task: idempotency, reserve, task and queue job, all or nothing, in the caller's transaction.
-- Outcomes: 'accepted' (also when this very task was accepted before, which makes a retry of ours safe);
-- 'replay' with the first response; 'conflict'; 'insufficient' with the available credits; 'no_wallet'.
-- It takes the wallet's row first, always: everything of one account then happens in one order.
create function generation_accept(
    p_account text, p_task text, p_key_id text, p_source text, p_model text, p_prompt text, p_params jsonb, p_inputs jsonb,
    p_client_request_id text, p_credits bigint, p_created_at timestamptz, p_deadline_at timestamptz,
    p_entrypoint text, p_route text, p_idempotency_key text, p_fingerprint bytea, p_response bytea,
    out outcome text, out available bigint, out response bytea
) language plpgsql as $$
declare
    v_idem    idempotency_keys;
    v_reserve record;
begin
    perform from wallets w where w.account_id = p_account for update;
    if p_idempotency_key is not null then
        insert into idempotency_keys (account_id, route, key, fingerprint, subject_id, response, created_at)
        values (p_account, p_route, p_idempotency_key, p_fingerprint, p_task, p_response, p_created_at)
        on conflict do nothing;
        if not found then
            select * into v_idem from idempotency_keys k
            where k.account_id = p_account and k.route = p_route and k.key = p_idempotency_key;
            response := v_idem.response;
            outcome := case
                when v_idem.subject_id = p_task then 'accepted'
                when v_idem.fingerprint = p_fingerprint then 'replay'
                else 'conflict'
            end;
            return;
        end if;
    end if;
    select * into v_reserve from wallet_reserve(p_account, p_task, p_credits, p_created_at);
    available := v_reserve.available;
    if v_reserve.outcome = 'exists' then
        outcome := 'accepted';
        return;
    end if;
    if v_reserve.outcome <> 'reserved' then
        -- Refused before execution: the key stays free, so that the call can be mended and sent again.
        delete from idempotency_keys k
        where k.account_id = p_account and k.route = p_route and k.key = p_idempotency_key;
        outcome := v_reserve.outcome;
        return;
    end if;
    insert into tasks (account_id, id, key_id, source, model, prompt, params, inputs, client_request_id,
                       reserved_credits, deadline_at, created_at, updated_at)
    values (p_account, p_task, p_key_id, p_source, p_model, p_prompt, p_params, p_inputs, p_client_request_id,
            p_credits, p_deadline_at, p_created_at, p_created_at);
    perform queue_generation(p_account, p_task, p_entrypoint, v_reserve.depth);
    outcome := 'accepted';
end $$;


-- Puts a task's job into the queue. The deeper its account is in it already, the later it comes: one account's
-- ten thousand jobs do not delay another's first.
create function queue_generation(p_account text, p_task text, p_entrypoint text, p_depth integer) returns void
language sql as $$
    insert into pgqueuer (priority, entrypoint, payload, status)
    values (-p_depth, p_entrypoint, convert_to(p_account || ' ' || p_task, 'UTF8'), 'queued');
$$;


-- Records, before the provider is called, that it is about to be. p_expected is the number of attempts so far:
-- of two workers with the same job only one goes on. Returns nothing when it is not ours to begin. Asking again
-- with the same p_at (because the first answer was lost) returns the attempt that was begun.
create function generation_begin(
    p_account text, p_task text, p_expected integer, p_provider text, p_worker text, p_at timestamptz
) returns setof tasks language plpgsql as $$
declare
    v_task tasks;
begin
    update tasks t
    set status = 'processing', attempt = t.attempt + 1, provider = p_provider, worker_id = p_worker,
        updated_at = p_at
    where t.account_id = p_account and t.id = p_task and t.attempt = p_expected
      and t.status in ('queued', 'processing') and t.deadline_at > p_at
    returning * into v_task;
    if found then
        insert into attempts (account_id, task_id, number, provider, started_at)
        values (p_account, p_task, v_task.attempt, p_provider, p_at);
        return next v_task;
        return;
    end if;
    return query
        select t.* from tasks t join attempts a on a.account_id = t.account_id and a.task_id = t.id
        where t.account_id = p_account and t.id = p_task and t.status = 'processing' and t.worker_id = p_worker
          and t.attempt = p_expected + 1 and a.number = t.attempt and a.started_at = p_at;
end $$;


-- Ends a task once: status, credits and outbox event together. p_attempt is the attempt that speaks, or null for
-- one who may end any (deadline, cancel). Returns true if this call ended it.
create function generation_end(
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
    update attempts a set outcome = p_outcome, ended_at = p_at
    where a.account_id = p_account and a.task_id = p_task and a.number = v_task.attempt and a.ended_at is null;
    if v_task.source = 'api' then
        insert into events (account_id, id, type, task_id, created_at)
        values (p_account, p_event, 'generation.' || p_status, p_task, p_at);
    end if;
    return true;
end $$;
