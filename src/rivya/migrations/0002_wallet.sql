-- The wallet: lots, reservations and an append-only double-entry ledger. Nothing but the functions in the
-- wallet migrations writes these tables (tests/house_rules holds everybody to that).
--
-- Ledger accounts: a wallet's `available` and `reserved`, kept for each lot, and the system accounts `grants`,
-- `revenue` and `expired`. A ledger row moves credits from one to another, so that every event sums to zero by
-- construction (the posting of Formance, the transfer of TigerBeetle). System accounts have no running balance,
-- which would be one hot row for everybody: theirs is the sum of their rows.
--
-- Tables that grow with every call carry no foreign keys: each would cost a look-up and a row lock a write, and
-- stands in the way of sharding and partitions. wallet/invariants checks what they would have said, and more.

create table wallets (
    account_id        text primary key references accounts (id),
    available         bigint not null default 0 check (available >= 0),
    reserved          bigint not null default 0 check (reserved >= 0),
    open_reservations integer not null default 0 check (open_reservations >= 0),
    next_expiry_at    timestamptz  -- no lot with credits left lapses before this moment
);
create index wallets_next_expiry on wallets (next_expiry_at) where next_expiry_at is not null;

create table lots (
    account_id  text not null references wallets (account_id),
    id          bigint generated always as identity,
    source      text not null check (source in ('signup', 'subscription', 'pack', 'grant')),
    business_id text not null,
    granted     bigint not null check (granted > 0),
    available   bigint not null check (available >= 0),
    reserved    bigint not null default 0 check (reserved >= 0),
    expires_at  timestamptz,
    note        text not null default '',
    created_at  timestamptz not null,
    primary key (account_id, id),
    unique (account_id, business_id),
    check (available + reserved <= granted)
);
create index lots_to_spend on lots (account_id, expires_at, id) where available > 0;

create table reservations (
    account_id      text not null,
    reason          text not null,
    credits         bigint not null check (credits >= 0),
    lot_ids         bigint[] not null,
    lot_credits     bigint[] not null,
    state           text not null default 'open' check (state in ('open', 'settled', 'released')),
    settled_credits bigint not null default 0 check (settled_credits between 0 and credits),
    created_at      timestamptz not null,
    ended_at        timestamptz,
    primary key (account_id, reason),
    check ((state = 'open') = (ended_at is null)),
    check (state = 'settled' or settled_credits = 0)
);
create index reservations_open on reservations (account_id) where state = 'open';

create table ledger (
    account_id  text not null,
    id          bigint generated always as identity,
    at          timestamptz not null,
    event       text not null check (event in ('grant', 'reserve', 'settle', 'release', 'expire')),
    business_id text not null,
    lot_id      bigint not null,
    source      text not null check (source in ('available', 'reserved', 'grants', 'revenue', 'expired')),
    destination text not null check (destination in ('available', 'reserved', 'grants', 'revenue', 'expired')),
    credits     bigint not null check (credits > 0),
    primary key (account_id, id),
    check (source <> destination)
);

-- Each ledger row as its two postings.
create view postings as
    select account_id, id, at, event, business_id, lot_id, source as ledger_account, -credits as credits from ledger
    union all
    select account_id, id, at, event, business_id, lot_id, destination, credits from ledger;

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only';
end $$;
create trigger ledger_is_append_only before update or delete or truncate on ledger
    for each statement execute function ledger_is_append_only();


-- Opens an account's wallet, empty. Idempotent.
create function wallet_open(p_account text) returns void language sql as $$
    insert into wallets (account_id) values (p_account) on conflict do nothing;
$$;


-- Lets lapse what is past its expiry in one account. The caller holds the wallet's row.
create function wallet_lapse(p_account text, p_at timestamptz) returns bigint language plpgsql as $$
declare
    v_lot   record;
    v_total bigint := 0;
begin
    for v_lot in
        select id, available from lots
        where account_id = p_account and available > 0 and expires_at <= p_at
        order by expires_at, id for update
    loop
        update lots set available = 0 where account_id = p_account and id = v_lot.id;
        insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
        values (p_account, p_at, 'expire', 'lot:' || v_lot.id, v_lot.id, 'available', 'expired', v_lot.available);
        v_total := v_total + v_lot.available;
    end loop;
    update wallets
    set available = available - v_total,
        next_expiry_at = (select min(expires_at) from lots where account_id = p_account and available > 0)
    where account_id = p_account;
    return v_total;
end $$;


-- Adds a lot. Idempotent by business id: outcome is 'granted', or 'exists' with nothing changed.
create function wallet_grant(
    p_account text, p_business_id text, p_source text, p_credits bigint, p_expires_at timestamptz,
    p_note text, p_at timestamptz, out outcome text, out lot bigint, out credits bigint, out available bigint
) language plpgsql as $$
begin
    perform wallet_open(p_account);
    perform from wallets w where w.account_id = p_account for update;
    perform wallet_lapse(w.account_id, p_at) from wallets w
        where w.account_id = p_account and w.next_expiry_at <= p_at;
    select l.id, l.granted into lot, credits from lots l
        where l.account_id = p_account and l.business_id = p_business_id;
    if found then
        outcome := 'exists';
    else
        outcome := 'granted';
        credits := p_credits;
        insert into lots (account_id, source, business_id, granted, available, expires_at, note, created_at)
        values (p_account, p_source, p_business_id, p_credits, p_credits, p_expires_at, p_note, p_at)
        returning id into lot;
        insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
        values (p_account, p_at, 'grant', p_business_id, lot, 'grants', 'available', p_credits);
        update wallets w
        set available = w.available + p_credits, next_expiry_at = least(w.next_expiry_at, p_expires_at)
        where w.account_id = p_account;
    end if;
    select w.available into available from wallets w where w.account_id = p_account;
end $$;


-- Sets credits aside, from the lots that expire soonest. Idempotent by reason.
-- Outcomes: 'reserved'; 'exists' (this reason has a reservation already, open or ended: nothing is set aside);
-- 'insufficient' and 'no_wallet' (nothing is set aside). Lots past their expiry lapse first, whatever the outcome. `depth` counts the account's open reservations before this one.
create function wallet_reserve(
    p_account text, p_reason text, p_credits bigint, p_at timestamptz,
    out outcome text, out credits bigint, out available bigint, out depth integer
) language plpgsql as $$
declare
    v_wallet wallets;
    v_lot    record;
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
    for v_lot in
        select l.id, l.available from lots l where l.account_id = p_account and l.available > 0
        order by l.expires_at, l.id for update
    loop
        exit when v_left = 0;
        v_take := least(v_left, v_lot.available);
        update lots l set available = l.available - v_take, reserved = l.reserved + v_take
        where l.account_id = p_account and l.id = v_lot.id;
        insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
        values (p_account, p_at, 'reserve', p_reason, v_lot.id, 'available', 'reserved', v_take);
        v_ids := v_ids || v_lot.id;
        v_takes := v_takes || v_take;
        v_left := v_left - v_take;
    end loop;
    if v_left > 0 then
        raise exception 'wallet % holds more than its lots', p_account;
    end if;
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


-- Ends a reservation once: `p_credits` of it become revenue, the rest goes back to the lots it came from, last
-- lot first, so that what expires soonest is spent. Credits that come back to a lot that has lapsed live on for
-- seven days. Outcomes: 'settled' or 'released' (done now); 'already_settled', 'already_released', 'missing' and
-- 'too_much' (more than was reserved): nothing changed.
create function wallet_end(
    p_account text, p_reason text, p_credits bigint, p_state text, p_at timestamptz,
    out outcome text, out settled bigint, out returned bigint
) language plpgsql as $$
declare
    v_event text := case p_state when 'settled' then 'settle' else 'release' end;
    v_res   reservations;
    v_left  bigint := p_credits;
    v_spend bigint;
    v_back  bigint;
    v_until timestamptz;
begin
    perform from wallets w where w.account_id = p_account for update;
    select * into v_res from reservations r where r.account_id = p_account and r.reason = p_reason;
    if not found then
        outcome := 'missing';
        return;
    end if;
    settled := v_res.settled_credits;
    returned := v_res.credits - v_res.settled_credits;
    if v_res.state <> 'open' then
        outcome := 'already_' || v_res.state;
        return;
    end if;
    if p_credits > v_res.credits or p_credits < 0 then
        outcome := 'too_much';
        returned := 0;
        return;
    end if;
    for i in 1 .. cardinality(v_res.lot_ids) loop
        v_spend := least(v_left, v_res.lot_credits[i]);
        v_back := v_res.lot_credits[i] - v_spend;
        v_left := v_left - v_spend;
        if v_spend > 0 then
            insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
            values (p_account, p_at, v_event, p_reason, v_res.lot_ids[i], 'reserved', 'revenue', v_spend);
        end if;
        if v_back > 0 then
            select l.expires_at into v_until from lots l
            where l.account_id = p_account and l.id = v_res.lot_ids[i];
            if v_until <= p_at then
                -- What was left in the lot lapses; only what comes back now lives on.
                perform wallet_lapse(p_account, p_at);
                v_until := p_at + interval '7 days';
            end if;
            insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
            values (p_account, p_at, v_event, p_reason, v_res.lot_ids[i], 'reserved', 'available', v_back);
            update wallets w set next_expiry_at = least(w.next_expiry_at, v_until)
            where w.account_id = p_account and v_until < coalesce(w.next_expiry_at, 'infinity');
        end if;
        update lots l
        set reserved = l.reserved - v_res.lot_credits[i], available = l.available + v_back,
            expires_at = case when v_back > 0 then v_until else l.expires_at end
        where l.account_id = p_account and l.id = v_res.lot_ids[i];
    end loop;
    settled := p_credits;
    returned := v_res.credits - p_credits;
    update reservations r set state = p_state, settled_credits = p_credits, ended_at = p_at
    where r.account_id = p_account and r.reason = p_reason;
    update wallets w
    set reserved = w.reserved - v_res.credits, available = w.available + returned,
        open_reservations = w.open_reservations - 1
    where w.account_id = p_account;
    outcome := p_state;
end $$;


-- Lets lapse what is past its expiry, in at most p_limit accounts; accounts that are busy are left for the next time.
create function wallet_lapse_due(p_limit integer, p_at timestamptz) returns table (account_id text, credits bigint)
language plpgsql as $$
begin
    for account_id in
        select w.account_id from wallets w where w.next_expiry_at <= p_at
        order by w.account_id limit p_limit for update skip locked
    loop
        credits := wallet_lapse(account_id, p_at);
        return next;
    end loop;
end $$;
