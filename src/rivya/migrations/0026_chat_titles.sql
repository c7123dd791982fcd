-- chat_begin as it was, but that a session which holds nothing, because its first turn failed, takes its title from the
-- message that it then begins with.

-- Begins a turn: idempotency, session, reserve and the user's message, all or nothing. p_expected is how many
-- messages the session had when the turn was priced; null begins a session. Outcomes: 'begun' (also when asked
-- again for the same turn); 'replay' with the first response; 'conflict'; 'in_flight'; 'no_session'; 'busy' (another
-- turn is under way); 'changed' (the session is not what the price was made for); 'account_full', 'key_full' and
-- 'spend_limit' as for a task; 'insufficient', 'no_wallet'. Only 'begun' changes anything. It takes the wallet's row
-- first, like everything that is paid for.
create or replace function chat_begin(
    p_account text, p_turn text, p_session text, p_expected integer, p_source text, p_key_id text, p_model text,
    p_rates jsonb, p_credits bigint, p_streamed boolean, p_input_tokens bigint, p_message text, p_content text,
    p_attachments jsonb, p_title text, p_route text, p_idempotency_key text, p_fingerprint bytea,
    p_client_request_id text, p_at timestamptz, p_account_in_flight integer, p_key_in_flight integer,
    p_lease interval,
    out outcome text, out available bigint, out response bytea
) language plpgsql as $$
declare
    v_first   idempotency_keys;
    v_session chat_sessions;
    v_reserve record;
    v_open    integer;
    v_usage   text;
begin
    select w.open_reservations into v_open from wallets w where w.account_id = p_account for update;
    if p_idempotency_key is not null then
        select * into v_first from idempotency_keys k
        where k.account_id = p_account and k.route = p_route and k.key = p_idempotency_key;
        if found then
            response := v_first.response;
            outcome := case when v_first.fingerprint = p_fingerprint then 'replay' else 'conflict' end;
        elsif exists (
            select from chat_turns t
            where t.account_id = p_account and t.route = p_route and t.idempotency_key = p_idempotency_key
              and t.status = 'running'
        ) then
            outcome := 'in_flight';
        end if;
    end if;
    if outcome is null and p_expected is not null then
        select * into v_session from chat_sessions s
        where s.account_id = p_account and s.id = p_session and s.source = p_source and s.model = p_model for update;
        outcome := case
            when not found then 'no_session'
            when v_session.turn_id is not null then 'busy'
            when v_session.message_count <> p_expected then 'changed'
        end;
    end if;
    if outcome is null and v_open >= p_account_in_flight then
        outcome := 'account_full';
    end if;
    if outcome is null and p_key_id is not null then
        v_usage := key_take(p_account, p_key_id, p_credits, p_key_in_flight, p_at);
        if v_usage is null then
            select r.refusal, r.credits_left into outcome, available
            from key_refusal(p_account, p_key_id, p_credits, p_at) r;
        end if;
    end if;
    if outcome is null then
        v_reserve := wallet_reserve(p_account, p_turn, p_credits, p_at);
        available := v_reserve.available;
        outcome := nullif(v_reserve.outcome, 'reserved');
        if outcome is not null and v_usage is not null then
            perform key_give_back(p_account, v_usage, p_credits, p_at);
        end if;
    end if;
    if outcome is not null then
        -- A turn that this very call began before is not refused for itself.
        if exists (select from chat_turns t where t.account_id = p_account and t.id = p_turn) then
            outcome := 'begun';
        end if;
        return;
    end if;
    if p_expected is null then
        insert into chat_sessions (account_id, id, source, model, title, message_count, turn_id, created_at, updated_at)
        values (p_account, p_session, p_source, p_model, p_title, 1, p_turn, p_at, p_at);
    else
        update chat_sessions s
        set turn_id = p_turn, message_count = s.message_count + 1, updated_at = p_at,
            title = case when s.message_count = 0 then p_title else s.title end
        where s.account_id = p_account and s.id = p_session;
    end if;
    insert into chat_messages (account_id, session_id, position, id, turn_id, role, content, attachments, created_at)
    values (p_account, p_session, coalesce(p_expected, 0) + 1, p_message, p_turn, 'user', p_content, p_attachments,
            p_at);
    insert into chat_turns (account_id, id, session_id, key_id, usage_id, source, model, rates, streamed, reserved_credits,
                            input_tokens, route, idempotency_key, fingerprint, client_request_id, lease_until, created_at)
    values (p_account, p_turn, p_session, p_key_id, v_usage, p_source, p_model, p_rates, p_streamed, p_credits,
            p_input_tokens, p_route, p_idempotency_key, p_fingerprint, p_client_request_id, now() + p_lease, p_at);
    outcome := 'begun';
end $$;
