-- name: begin
-- Begins many turns, each with its own outcome, in account order so that two batches cannot deadlock; account_id
-- comes with each.
select b.outcome, b.available, b.response
from (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[],
                         $8::jsonb[], $9::bigint[], $10::boolean[], $11::bigint[], $12::text[], $13::text[],
                         $14::jsonb[], $15::text[], $16::text[], $17::text[], $18::bytea[], $19::text[],
                         $20::timestamptz[], $21::integer[], $22::integer[]) with ordinality
        as t(account, turn, session, expected, source, key_id, model, rates, credits, streamed, input_tokens, message,
             content, attachments, title, route, idempotency_key, fingerprint, client_request_id, at,
             account_in_flight, key_in_flight, ord)
    order by account, ord
) q
cross join lateral chat_begin(
    q.account, q.turn, q.session, q.expected, q.source, q.key_id, q.model, q.rates, q.credits, q.streamed,
    q.input_tokens, q.message, q.content, q.attachments, q.title, q.route, q.idempotency_key, q.fingerprint,
    q.client_request_id, q.at, q.account_in_flight, q.key_in_flight, $23) b
order by q.ord

-- name: end
-- Ends many turns, each once, in account order; account_id comes with each.
select e.ended
from (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
                         $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[]) with ordinality
        as t(account, turn, status, credits, input_tokens, output_tokens, counted_by, error, message, content,
             thoughts, finish_reason, response, ord)
    order by account, turn, ord
) q
cross join lateral chat_end(
    q.account, q.turn, q.status, q.credits, q.input_tokens, q.output_tokens, q.counted_by, q.error, q.message,
    q.content, q.thoughts, q.finish_reason, q.response, $14) as e(ended)
order by q.ord

-- name: keep
-- Renews the leases of turns under way and writes down what was said so far, and what was used if the provider tells,
-- in order; account_id comes with each.
-- Returns those that are still under way.
with mine as (
    select t.account_id, t.id, asked.content, asked.thoughts, asked.input_tokens, asked.output_tokens
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
        as asked(account, turn, content, thoughts, input_tokens, output_tokens)
    join chat_turns t on t.account_id = asked.account and t.id = asked.turn
    where t.status = 'running'
    order by t.account_id, t.id
    for update of t
)
update chat_turns t
set lease_until = now() + $7, content = coalesce(mine.content, t.content),
    thoughts = coalesce(mine.thoughts, t.thoughts), input_tokens = coalesce(mine.input_tokens, t.input_tokens),
    output_tokens = coalesce(mine.output_tokens, t.output_tokens),
    counted_by = case when mine.output_tokens is null then t.counted_by else 'upstream' end
from mine
where t.account_id = mine.account_id and t.id = mine.id
returning t.id

-- name: lapsed
-- Finds turns, of every account, whose process has been silent for longer than its lease.
select t.account_id, t.id, t.session_id, t.model, t.rates, t.streamed, t.reserved_credits, t.input_tokens,
       t.output_tokens, t.counted_by, t.content, t.thoughts, t.created_at
from chat_turns t where t.status = 'running' and t.lease_until < now()
limit $1

-- name: replay
-- Finds what an Idempotency-Key of an account_id was answered before, or that its first call is under way.
select k.fingerprint, k.response, false as in_flight
from idempotency_keys k where k.account_id = $1 and k.route = $2 and k.key = $3
union all
select t.fingerprint, null, true
from chat_turns t where t.account_id = $1 and t.route = $2 and t.idempotency_key = $3 and t.status = 'running'
limit 1

-- name: session
-- Reads a session of an account_id.
select s.* from chat_sessions s where s.account_id = $1 and s.id = $2 and s.source = $3

-- name: messages
-- Reads the newest messages of a session of an account_id, those before $3, newest first.
select m.* from chat_messages m
where m.account_id = $1 and m.session_id = $2 and m.position < $3
order by m.position desc limit $4

-- name: list
-- Reads the newest sessions of an account_id in which something was said, or those that come after the id $3.
select s.* from chat_sessions s
where s.account_id = $1 and s.source = $2 and s.message_count > 0 and ($3::text is null or s.id < $3)
order by s.id desc limit $4

-- name: delete
-- Deletes a session of an account_id, unless a turn is under way in it. The turns stay: they are what was paid for.
with gone as (
    delete from chat_sessions s where s.account_id = $1 and s.id = $2 and s.source = $3 and s.turn_id is null
    returning s.account_id, s.id
)
delete from chat_messages m using gone where m.account_id = gone.account_id and m.session_id = gone.id

-- name: delete_old
-- Deletes sessions, of every account, in which nobody has spoken since $1.
with old as (
    select s.account_id, s.id from chat_sessions s where s.updated_at < $1 and s.turn_id is null
    limit $2 for update skip locked
), gone as (
    delete from chat_sessions s using old where s.account_id = old.account_id and s.id = old.id
    returning s.account_id, s.id
), silent as (
    delete from chat_messages m using gone where m.account_id = gone.account_id and m.session_id = gone.id
)
select count(*) from gone
