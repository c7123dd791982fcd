-- chat_end as it was, but that a session of which a stream has told stays, though a later turn without one fails in it too.

-- Ends a turn once: what was said goes into the session, what was used is settled, the rest goes back. A turn that
-- 'failed' costs nothing and leaves no trace in its session. p_response is what its Idempotency-Key will be answered.
-- Returns true if this call ended it, or a first try of the same call did: p_message tells.
create or replace function chat_end(
    p_account text, p_turn text, p_status text, p_credits bigint, p_input_tokens bigint, p_output_tokens bigint,
    p_counted_by text, p_error text, p_message text, p_content text, p_thoughts text, p_finish_reason text,
    p_response bytea, p_at timestamptz
) returns boolean language plpgsql as $$
declare
    v_turn     chat_turns;
    v_money    record;
    v_position integer;
begin
    perform from wallets w where w.account_id = p_account for update;
    -- Not "status = 'running'", for which a plan may go through the index of all that run.
    update chat_turns t
    set status = p_status, final_credits = p_credits, input_tokens = p_input_tokens, output_tokens = p_output_tokens,
        counted_by = p_counted_by, error = p_error, content = '', thoughts = '', lease_until = null, ended_at = p_at
    where t.account_id = p_account and t.id = p_turn and t.ended_at is null
    returning * into v_turn;
    if not found then
        return exists (
            select from chat_messages m join chat_turns t on t.account_id = m.account_id and t.session_id = m.session_id
            where t.account_id = p_account and t.id = p_turn and m.id = p_message
        );
    end if;
    select * into v_money from wallet_end(
        p_account, p_turn, p_credits, case p_status when 'failed' then 'released' else 'settled' end, p_at);
    if v_money.outcome not in ('settled', 'released') then
        raise exception 'turn % cannot end as %: its reservation is %', p_turn, p_status, v_money.outcome;
    end if;
    if v_turn.usage_id is not null then
        perform key_give_back(p_account, v_turn.usage_id, v_money.returned, v_turn.created_at);
    end if;
    if p_status = 'failed' then
        delete from chat_messages m
        where m.account_id = p_account and m.session_id = v_turn.session_id and m.turn_id = p_turn;
        update chat_sessions s set turn_id = null, message_count = s.message_count - 1
        where s.account_id = p_account and s.id = v_turn.session_id and s.turn_id = p_turn;
        -- Nobody was told of a session that this turn began, called without a stream, and that holds nothing.
        delete from chat_sessions s
        where s.account_id = p_account and s.id = v_turn.session_id and s.message_count = 0 and not v_turn.streamed
          and s.created_at = v_turn.created_at;
        return true;
    end if;
    update chat_sessions s set turn_id = null, message_count = s.message_count + 1, updated_at = p_at
    where s.account_id = p_account and s.id = v_turn.session_id and s.turn_id = p_turn
    returning s.message_count into v_position;
    if found then
        insert into chat_messages (account_id, session_id, position, id, turn_id, role, content, thoughts,
                                   finish_reason, created_at)
        values (p_account, v_turn.session_id, v_position, p_message, p_turn, 'assistant', p_content, p_thoughts,
                p_finish_reason, p_at);
    end if;
    if v_turn.idempotency_key is not null then
        insert into idempotency_keys (account_id, route, key, fingerprint, subject_id, response, created_at)
        values (p_account, v_turn.route, v_turn.idempotency_key, v_turn.fingerprint, p_turn, p_response, p_at)
        on conflict do nothing;
    end if;
    return true;
end $$;
