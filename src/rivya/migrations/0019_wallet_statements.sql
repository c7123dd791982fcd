-- wallet_reserve and wallet_end as they were, in fewer statements: each costs about as much as the row that it writes.
-- Who holds the wallet's row holds its lots and reservations with it, so that these are not locked by themselves.

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
    while v_left > 0 loop
        select l.id, l.available into v_lot from lots l where l.account_id = p_account and l.available > 0
        order by l.expires_at, l.id limit 1;
        if not found then
            raise exception 'wallet % holds more than its lots', p_account;
        end if;
        v_take := least(v_left, v_lot.available);
        update lots l set available = l.available - v_take, reserved = l.reserved + v_take
        where l.account_id = p_account and l.id = v_lot.id;
        insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
        values (p_account, p_at, 'reserve', p_reason, v_lot.id, 'available', 'reserved', v_take);
        v_ids := v_ids || v_lot.id;
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


-- Ends a reservation once: `p_credits` of it become revenue, the rest goes back to the lots it came from, last
-- lot first, so that what expires soonest is spent. Credits that come back to a lot that has lapsed live on for
-- seven days. Outcomes: 'settled' or 'released' (done now); 'already_settled', 'already_released', 'missing' and
-- 'too_much' (more than was reserved): nothing changed.
create or replace function wallet_end(
    p_account text, p_reason text, p_credits bigint, p_state text, p_at timestamptz,
    out outcome text, out settled bigint, out returned bigint
) language plpgsql as $$
declare
    v_event  text := case p_state when 'settled' then 'settle' else 'release' end;
    v_wallet wallets;
    v_res    reservations;
    v_left   bigint := p_credits;
    v_spend  bigint;
    v_back   bigint;
    v_until  timestamptz;
    v_next   timestamptz := 'infinity';
begin
    select * into v_wallet from wallets w where w.account_id = p_account for update;
    update reservations r set state = p_state, settled_credits = p_credits, ended_at = p_at
    where r.account_id = p_account and r.reason = p_reason and r.ended_at is null and p_credits between 0 and r.credits
    returning * into v_res;
    if not found then
        select * into v_res from reservations r where r.account_id = p_account and r.reason = p_reason;
        outcome := case
            when not found then 'missing'
            when v_res.state <> 'open' then 'already_' || v_res.state
            else 'too_much'
        end;
        settled := v_res.settled_credits;
        returned := case when v_res.state = 'open' then 0 else v_res.credits - v_res.settled_credits end;
        return;
    end if;
    for i in 1 .. cardinality(v_res.lot_ids) loop
        v_spend := least(v_left, v_res.lot_credits[i]);
        v_back := v_res.lot_credits[i] - v_spend;
        v_left := v_left - v_spend;
        if v_back > 0 and v_wallet.next_expiry_at <= p_at then
            -- What is left in a lot past its expiry lapses; only what comes back now lives on.
            perform wallet_lapse(p_account, p_at) from lots l
            where l.account_id = p_account and l.id = v_res.lot_ids[i] and l.expires_at <= p_at;
        end if;
        insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
        select p_account, p_at, v_event, p_reason, v_res.lot_ids[i], 'reserved', m.destination, m.credits
        from (values ('revenue', v_spend), ('available', v_back)) as m(destination, credits)
        where m.credits > 0;
        update lots l
        set reserved = l.reserved - v_res.lot_credits[i], available = l.available + v_back,
            expires_at = case
                when v_back > 0 and l.expires_at <= p_at then p_at + interval '7 days' else l.expires_at
            end
        where l.account_id = p_account and l.id = v_res.lot_ids[i]
        returning l.expires_at into v_until;
        if v_back > 0 then
            v_next := least(v_next, v_until);
        end if;
    end loop;
    settled := p_credits;
    returned := v_res.credits - p_credits;
    update wallets w
    set reserved = w.reserved - v_res.credits, available = w.available + returned,
        open_reservations = w.open_reservations - 1,
        next_expiry_at = nullif(least(w.next_expiry_at, v_next), 'infinity')
    where w.account_id = p_account;
    outcome := p_state;
end $$;
