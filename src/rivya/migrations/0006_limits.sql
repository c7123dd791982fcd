-- What a key may: credits a month, requests a minute, tasks in flight; and a key that takes the place of another.

alter table api_keys
    add column usage_id          text,  -- the first key of its line, whose usage it goes on with; null: it is the first
    add column replaced_by       text,
    add column credits_a_month   bigint check (credits_a_month >= 0),
    add column requests_a_minute integer check (requests_a_minute > 0);

-- A key's last use is written often, and is nothing that a process keeps.
drop trigger api_keys_changed on api_keys;
create trigger api_keys_changed
    after update of scopes, expires_at, revoked_at, usage_id, requests_a_minute on api_keys
    for each row execute function api_keys_changed();

-- What the keys of a line used in a calendar month (UTC): credits spent or set aside, and how much is in flight of
-- what began in that month. Written under the wallet's row lock, in the transaction that moves the credits.
create table key_usage (
    account_id text not null,
    usage_id   text not null,
    month      date not null,
    credits    bigint not null check (credits >= 0),
    in_flight  integer not null check (in_flight >= 0),
    primary key (account_id, usage_id, month)
) with (fillfactor = 50);

-- Whose usage a task counts in. Null for one without a key, or accepted before there were limits: it counts in none.
alter table tasks add column usage_id text;

-- How many requests each subject (an account, or a line of its keys) was let send, by the second. `counts` ends with
-- the second `newest`, which is ten ahead: requests that a process may still make. A crash may empty it.
create unlogged table rate_windows (
    account_id text not null,
    subject    text not null,
    newest     bigint not null,
    counts     integer[] not null,
    primary key (account_id, subject)
) with (fillfactor = 50);


create function month_of(p_at timestamptz) returns date language sql immutable as $$
    select date_trunc('month', p_at at time zone 'UTC')::date;
$$;


-- Counts what begins now, and costs so much, in the usage of a key, if its limits let it: credits this month, and
-- p_in_flight tasks in flight (null: any number). Returns the usage, or null with nothing changed; then key_refusal says
-- why. The caller holds the wallet's row, and gives back what it took when nothing begins after all.
create function key_take(
    p_account text, p_key_id text, p_credits bigint, p_in_flight integer, p_at timestamptz
) returns text language plpgsql as $$
declare
    v_usage text;
begin
    insert into key_usage as mine (account_id, usage_id, month, credits, in_flight)
    select k.account_id, coalesce(k.usage_id, k.id), month_of(p_at), p_credits, 1
    from api_keys k
    where k.account_id = p_account and k.id = p_key_id
      and (k.credits_a_month is null or p_credits = 0 or k.credits_a_month - p_credits >= coalesce((
              select u.credits from key_usage u
              where u.account_id = p_account and u.usage_id = coalesce(k.usage_id, k.id) and u.month = month_of(p_at)
          ), 0))
      and (p_in_flight is null or p_in_flight > coalesce((
              select sum(u.in_flight) from key_usage u
              where u.account_id = p_account and u.usage_id = coalesce(k.usage_id, k.id)
          ), 0))
    on conflict (account_id, usage_id, month)
    do update set credits = mine.credits + excluded.credits, in_flight = mine.in_flight + 1
    returning usage_id into v_usage;
    return v_usage;
end $$;


-- Says why key_take took nothing: 'spend_limit', with what is left of this month's credits; 'key_full'; or null for a
-- key that is not there, which has no limits.
create function key_refusal(
    p_account text, p_key_id text, p_credits bigint, p_at timestamptz, out refusal text, out credits_left bigint
) language plpgsql as $$
begin
    select case when k.credits_a_month is not null then greatest(0, k.credits_a_month - coalesce(u.credits, 0)) end
    into credits_left
    from api_keys k
    left join key_usage u on u.account_id = k.account_id and u.usage_id = coalesce(k.usage_id, k.id)
                         and u.month = month_of(p_at)
    where k.account_id = p_account and k.id = p_key_id;
    if found then
        refusal := case when p_credits > 0 and p_credits > credits_left then 'spend_limit' else 'key_full' end;
    end if;
end $$;


-- Counts the end of what began at p_taken_at: p_credits of it were not used. The caller holds the wallet's row.
create function key_give_back(p_account text, p_usage text, p_credits bigint, p_taken_at timestamptz) returns void
language plpgsql as $$
begin
    update key_usage u set credits = u.credits - p_credits, in_flight = u.in_flight - 1
    where u.account_id = p_account and u.usage_id = p_usage and u.month = month_of(p_taken_at);
end $$;


-- Accepts a task: idempotency, limits, reserve, task and queue job, all or nothing, in the caller's transaction.
-- Outcomes: 'accepted' (also when this very task was accepted before, which makes a retry of ours safe);
-- 'replay' with the first response; 'conflict'; 'account_full' and 'key_full' (so much is in flight already);
-- 'spend_limit' with what is left of it in `available`; 'insufficient' with the available credits; 'no_wallet'.
-- It takes the wallet's row first, always: everything of one account then happens in one order.
create function generation_accept(
    p_account text, p_task text, p_key_id text, p_source text, p_model text, p_prompt text, p_params jsonb, p_inputs jsonb,
    p_client_request_id text, p_credits bigint, p_created_at timestamptz, p_deadline_at timestamptz,
    p_entrypoint text, p_route text, p_idempotency_key text, p_fingerprint bytea, p_response bytea,
    p_account_in_flight integer, p_key_in_flight integer,
    out outcome text, out available bigint, out response bytea
) language plpgsql as $$
declare
    v_idem    idempotency_keys;
    v_reserve record;
    v_open    integer;
    v_usage   text;
    v_refusal text;
begin
    select w.open_reservations into v_open from wallets w where w.account_id = p_account for update;
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
    if v_open >= p_account_in_flight then
        v_refusal := 'account_full';
    elsif p_key_id is not null then
        v_usage := key_take(p_account, p_key_id, p_credits, p_key_in_flight, p_created_at);
        if v_usage is null then
            select r.refusal, r.credits_left into v_refusal, available
            from key_refusal(p_account, p_key_id, p_credits, p_created_at) r;
        end if;
    end if;
    -- A task that was accepted before may be what fills the limit now: it is not refused for itself.
    if v_refusal is null or exists (
        select from reservations r where r.account_id = p_account and r.reason = p_task
    ) then
        select * into v_reserve from wallet_reserve(p_account, p_task, p_credits, p_created_at);
        available := v_reserve.available;
        v_refusal := nullif(v_reserve.outcome, 'reserved');
    end if;
    if v_refusal is not null then
        if v_usage is not null then
            perform key_give_back(p_account, v_usage, p_credits, p_created_at);
        end if;
        if v_refusal = 'exists' then
            outcome := 'accepted';
            return;
        end if;
        -- Refused before execution: the key stays free, so that the call can be mended and sent again.
        delete from idempotency_keys k
        where k.account_id = p_account and k.route = p_route and k.key = p_idempotency_key;
        outcome := v_refusal;
        return;
    end if;
    insert into tasks (account_id, id, key_id, usage_id, source, model, prompt, params, inputs, client_request_id,
                       reserved_credits, deadline_at, created_at, updated_at)
    values (p_account, p_task, p_key_id, v_usage, p_source, p_model, p_prompt, p_params, p_inputs,
            p_client_request_id, p_credits, p_deadline_at, p_created_at, p_created_at);
    perform queue_generation(p_account, p_task, p_entrypoint, v_reserve.depth);
    outcome := 'accepted';
end $$;


-- As the version before calls it, while it still runs: without limits on what is in flight.
create or replace function generation_accept(
    p_account text, p_task text, p_key_id text, p_source text, p_model text, p_prompt text, p_params jsonb, p_inputs jsonb,
    p_client_request_id text, p_credits bigint, p_created_at timestamptz, p_deadline_at timestamptz,
    p_entrypoint text, p_route text, p_idempotency_key text, p_fingerprint bytea, p_response bytea,
    out outcome text, out available bigint, out response bytea
) language sql as $$
    select * from generation_accept(
        p_account, p_task, p_key_id, p_source, p_model, p_prompt, p_params, p_inputs, p_client_request_id, p_credits,
        p_created_at, p_deadline_at, p_entrypoint, p_route, p_idempotency_key, p_fingerprint, p_response, null, null);
$$;


-- Ends a task once: status, credits, its key's usage and outbox event together. p_attempt is the attempt that speaks,
-- or null for one who may end any (deadline, cancel). Returns true if this call ended it.
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
    end if;
    return true;
end $$;


-- Lets a subject send more requests, so that it never sends more than p_limit in any 60 seconds: p_want that wait, and
-- of what is left then a part, at most p_ahead, ahead of time. First the caller's last lease is closed: of p_leased
-- requests in p_lease_slot it made p_used, the last of them p_idle_s seconds ago, and will make none of the others.
--
-- Each request counts in the second `lease_slot`, the last in which it may be made (`lives_s` from now), and once its
-- lease is closed in that of the lease's last use: never before it was made. What is granted in a second, with all that
-- counts in that second, the 60 before and those to come, is at most p_limit: so is what is made in any 60 seconds.
-- `reset_s` is the time until what counts now begins to count no more.
create function rate_take(
    p_account text, p_subject text, p_limit integer, p_want integer, p_ahead integer, p_leased integer,
    p_lease_slot bigint, p_used integer, p_idle_s double precision, p_at timestamptz,
    out granted integer, out remaining integer, out lease_slot bigint, out lives_s integer, out reset_s double precision
) language plpgsql as $$
declare
    c_before constant integer := 61;  -- this second and 60 before it
    c_ahead  constant integer := 10;
    c_all    constant integer := c_before + c_ahead;
    v_second double precision := extract(epoch from p_at);
    v_slot   bigint := floor(v_second);
    v_newest bigint;
    v_counts integer[];
    v_at     bigint;
    v_total  bigint;
    v_first  bigint;
begin
    select r.newest, r.counts into v_newest, v_counts from rate_windows r
    where r.account_id = p_account and r.subject = p_subject for update;
    if not found then
        insert into rate_windows (account_id, subject, newest, counts)
        values (p_account, p_subject, v_slot + c_ahead, array_fill(0, array[c_all]))
        on conflict do nothing;
        select r.newest, r.counts into v_newest, v_counts from rate_windows r
        where r.account_id = p_account and r.subject = p_subject for update;
    end if;
    -- A caller that waited for the row comes late: the window does not move back for it. It does when the clock was
    -- set back.
    if v_newest - c_ahead - v_slot between 1 and c_before then
        v_slot := v_newest - c_ahead;
    end if;
    v_at := v_slot + c_ahead - v_newest;
    v_counts := case
        when v_at = 0 then v_counts
        when v_at between 1 and c_all - 1 then v_counts[v_at + 1 : c_all] || array_fill(0, array[v_at::integer])
        else array_fill(0, array[c_all])
    end;
    v_at := p_lease_slot - v_slot + c_before;
    if p_leased > 0 and v_at between 1 and c_all then
        v_counts[v_at] := greatest(0, v_counts[v_at] - p_leased);
        v_at := floor(v_second - p_idle_s)::bigint - v_slot + c_before;
        if v_at between 1 and c_all then
            v_counts[v_at] := v_counts[v_at] + p_used;
        end if;
    end if;
    select coalesce(sum(s.made), 0), min(s.at) into v_total, v_first
    from unnest(v_counts) with ordinality as s(made, at) where s.made > 0;
    remaining := greatest(0, p_limit - v_total);
    granted := least(p_want, remaining);
    -- The nearer the limit the less is let go ahead: what one process holds is not there for another.
    granted := granted + least(p_ahead, (remaining - granted) / 8);
    remaining := remaining - granted;
    lives_s := case when granted > p_want then c_ahead else 1 end;
    lease_slot := v_slot + lives_s;
    v_counts[lives_s + c_before] := v_counts[lives_s + c_before] + granted;
    update rate_windows r set newest = v_slot + c_ahead, counts = v_counts
    where r.account_id = p_account and r.subject = p_subject;
    reset_s := v_slot + least(v_first, case when granted > 0 then lives_s + c_before end) - v_second;
end $$;
