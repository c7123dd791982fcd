-- The wallet in fewer and lighter statements. Nearly all of the time that a task or a turn takes in the database is what
-- PostgreSQL does for each statement that writes, whatever it writes.

-- Rules are read anew for each statement that writes a row, and a list is read quicker as one literal. They say what
-- they said, so that rows that are there were held to them. These are the tables that each task or turn writes.
alter table lots drop constraint lots_source_check;
alter table lots add constraint lots_source_check
    check (source = any ('{signup,subscription,pack,grant}')) not valid;
alter table reservations drop constraint reservations_state_check;
alter table reservations add constraint reservations_state_check
    check (state = any ('{open,settled,released}')) not valid;
alter table ledger drop constraint ledger_event_check, drop constraint ledger_source_check,
    drop constraint ledger_destination_check;
alter table ledger
    add constraint ledger_event_check
        check (event = any ('{grant,reserve,settle,release,expire}')) not valid,
    add constraint ledger_source_check
        check (source = any ('{available,reserved,grants,revenue,expired}')) not valid,
    add constraint ledger_destination_check
        check (destination = any ('{available,reserved,grants,revenue,expired}')) not valid;
alter table tasks drop constraint tasks_source_check, drop constraint tasks_status_check;
alter table tasks
    add constraint tasks_source_check check (source = any ('{api,studio}')) not valid,
    add constraint tasks_status_check check (status = any ('{queued,processing,succeeded,failed}')) not valid;
alter table chat_sessions drop constraint chat_sessions_source_check;
alter table chat_sessions add constraint chat_sessions_source_check
    check (source = any ('{api,studio}')) not valid;
alter table chat_messages drop constraint chat_messages_role_check;
alter table chat_messages add constraint chat_messages_role_check
    check (role = any ('{user,assistant}')) not valid;
alter table chat_turns drop constraint chat_turns_source_check, drop constraint chat_turns_status_check,
    drop constraint chat_turns_check2, drop constraint chat_turns_counted_by_check;
alter table chat_turns
    add constraint chat_turns_source_check check (source = any ('{api,studio}')) not valid,
    add constraint chat_turns_status_check check (status = any ('{running,completed,stopped,failed}')) not valid,
    add constraint chat_turns_check2
        check (final_credits = 0 or status = any ('{completed,stopped}')) not valid,
    add constraint chat_turns_counted_by_check
        check (counted_by = any ('{upstream,tokenizer,estimate}')) not valid;

-- An index whose predicate asks how much is left is written with every change of that, and with it each other index of
-- the row. What this one asks changes once, when the last of a lot is spent. A page that has room takes a row's next
-- version beside the last.
alter table wallets set (fillfactor = 70);
alter table lots set (fillfactor = 70);
alter table lots add column in_use boolean generated always as (available > 0 or reserved > 0) stored;
drop index lots_to_spend;
create index lots_to_spend on lots (account_id, expires_at, id) where in_use;


-- Lets lapse what is past its expiry in one account. The caller holds the wallet's row.
create or replace function wallet_lapse(p_account text, p_at timestamptz) returns bigint language plpgsql as $$
declare
    v_lot   record;
    v_total bigint := 0;
begin
    for v_lot in
        select id, available from lots
        where account_id = p_account and in_use and available > 0 and expires_at <= p_at
        order by expires_at, id for update
    loop
        update lots set available = 0 where account_id = p_account and id = v_lot.id;
        insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
        values (p_account, p_at, 'expire', 'lot:' || v_lot.id, v_lot.id, 'available', 'expired', v_lot.available);
        v_total := v_total + v_lot.available;
    end loop;
    update wallets
    set available = available - v_total,
        next_expiry_at = (
            select min(expires_at) from lots where account_id = p_account and in_use and available > 0
        )
    where account_id = p_account;
    return v_total;
end $$;


-- Counts what begins now, and costs so much, in the usage of a key, if its limits let it: credits this month, and
-- p_in_flight tasks in flight (null: any number). Returns the usage, or null with nothing changed; then key_refusal says
-- why. The caller holds the wallet's row, and gives back what it took when nothing begins after all.
create or replace function key_take(
    p_account text, p_key_id text, p_credits bigint, p_in_flight integer, p_at timestamptz
) returns text language plpgsql as $$
declare
    v_usage text;
    v_month date := month_of(p_at);
    v_most  bigint;
begin
    select coalesce(k.usage_id, k.id), k.credits_a_month - p_credits into v_usage, v_most
    from api_keys k where k.account_id = p_account and k.id = p_key_id;
    if p_in_flight <= (
        select sum(u.in_flight) from key_usage u where u.account_id = p_account and u.usage_id = v_usage
    ) then
        return null;
    end if;
    if v_most is null or p_credits = 0 then
        v_most := 9223372036854775807;
    end if;
    update key_usage u set credits = u.credits + p_credits, in_flight = u.in_flight + 1
    where u.account_id = p_account and u.usage_id = v_usage and u.month = v_month and u.credits <= v_most;
    if not found then
        -- The month's first, unless the month is used up.
        insert into key_usage (account_id, usage_id, month, credits, in_flight)
        select p_account, v_usage, v_month, p_credits, 1 where v_usage is not null and v_most >= 0
        on conflict do nothing;
        if not found then
            return null;
        end if;
    end if;
    return v_usage;
end $$;


-- Sets credits aside, from the lots that expire soonest. Idempotent by reason.
-- Outcomes: 'reserved'; 'exists' (this reason has a reservation already, open or ended: nothing is set aside);
-- 'insufficient' and 'no_wallet' (nothing is set aside). Lots past their expiry lapse first, whatever the outcome.
-- `depth` counts the account's open reservations before this one.
create or replace function wallet_reserve(
    p_account text, p_reason text, p_credits bigint, p_at timestamptz,
    out outcome text, out credits bigint, out available bigint, out depth integer
) language plpgsql as $$
declare
    v_wallet wallets;
    v_lot    bigint;
    v_left   bigint := p_credits;
    v_take   bigint;
    v_ids    bigint[] := '{}';
    v_takes  bigint[] := '{}';
begin
    select * into v_wallet from wallets w where w.account_id = p_account for update;
    if not found then
        outcome := 'no_wallet';
        return;
    end if;
    if v_wallet.next_expiry_at <= p_at then
        perform wallet_lapse(p_account, p_at);
        select * into v_wallet from wallets w where w.account_id = p_account;
    end if;
    depth := v_wallet.open_reservations;
    available := v_wallet.available;
    select r.credits into credits from reservations r where r.account_id = p_account and r.reason = p_reason;
    if found then
        outcome := 'exists';
        return;
    end if;
    if v_wallet.available < p_credits then
        outcome := 'insufficient';
        return;
    end if;
    while v_left > 0 loop
        update lots l
        set available = l.available - least(v_left, l.available), reserved = l.reserved + least(v_left, l.available)
        from (
            select s.id, s.available from lots s
            where s.account_id = p_account and s.in_use and s.available > 0
            order by s.expires_at, s.id limit 1
        ) next
        where l.account_id = p_account and l.id = next.id
        returning l.id, least(v_left, next.available) into v_lot, v_take;
        if not found then
            raise exception 'wallet % holds more than its lots', p_account;
        end if;
        insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
        values (p_account, p_at, 'reserve', p_reason, v_lot, 'available', 'reserved', v_take);
        v_ids := v_ids || v_lot;
        v_takes := v_takes || v_take;
        v_left := v_left - v_take;
    end loop;
    insert into reservations (account_id, reason, credits, lot_ids, lot_credits, created_at)
    values (p_account, p_reason, p_credits, v_ids, v_takes, p_at);
    update wallets w
    set available = w.available - p_credits, reserved = w.reserved + p_credits,
        open_reservations = w.open_reservations + 1
    where w.account_id = p_account;
    outcome := 'reserved';
    credits := p_credits;
    available := v_wallet.available - p_credits;
end $$;
