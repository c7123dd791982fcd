-- name: accept
-- Accepts many tasks, each with its own outcome, in account order so that two batches cannot deadlock.
-- The account_id of each comes with it.
select a.outcome, a.available, a.response
from (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[],
                         $8::jsonb[], $9::text[], $10::bigint[], $11::timestamptz[], $12::timestamptz[],
                         $13::text[], $14::text[], $15::text[], $16::bytea[], $17::bytea[], $18::integer[],
                         $19::integer[]) with ordinality
        as t(account, task, key_id, source, model, prompt, params, inputs, client_request_id, credits, created_at,
             deadline_at, entrypoint, route, idempotency_key, fingerprint, response, account_in_flight, key_in_flight,
             ord)
    order by account, ord
) q
cross join lateral generation_accept(
    q.account, q.task, q.key_id, q.source, q.model, q.prompt, q.params, q.inputs, q.client_request_id, q.credits,
    q.created_at, q.deadline_at, q.entrypoint, q.route, q.idempotency_key, q.fingerprint, q.response,
    q.account_in_flight, q.key_in_flight) a
order by q.ord

-- name: replay
-- Finds what an Idempotency-Key of an account_id was answered before.
select k.fingerprint, k.response
from idempotency_keys k
where k.account_id = $1 and k.route = $2 and k.key = $3

-- name: read_states
-- Reads how many tasks stand, each by its account_id and id; answers nothing for one that is another account's.
select account_id, id, t.status, t.model, t.client_request_id, t.reserved_credits, t.final_credits, t.progress,
       t.result, t.error, t.cancel_requested_at, t.cancel_declined, t.created_at, t.updated_at
from unnest($1::text[], $2::text[]) as asked(account_id, id)
join tasks t using (account_id, id)

-- name: list
-- Reads the newest tasks of an account_id, or those that come after the id $2, of those that pass the filters.
select t.id, t.status, t.model, t.client_request_id, t.reserved_credits, t.final_credits, t.progress, t.result,
       t.error, t.cancel_requested_at, t.cancel_declined, t.created_at, t.updated_at
from tasks t
where t.account_id = $1 and ($2::text is null or t.id < $2) and ($3::text is null or t.status = $3)
  and ($4::text is null or t.model = $4) and ($5::text is null or t.client_request_id = $5)
order by t.id desc
limit $6

-- name: read
-- Reads many tasks whole, each by its account_id and id.
select t.*
from unnest($1::text[], $2::text[]) as asked(account_id, id)
join tasks t using (account_id, id)

-- name: last_attempt
-- Reads the newest attempt at a task of an account_id.
select number, provider, handle, outcome from attempts
where account_id = $1 and task_id = $2 order by number desc limit 1

-- name: begin
-- Begins many attempts (task, attempts so far, provider), each only if it is its turn; account_id comes with each.
-- In task order, like every batch over tasks, so that two cannot deadlock.
select b.*
from (
    select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::timestamptz[])
        as t(account, task, expected, provider, at)
    order by account, task
) asked
cross join lateral generation_begin(asked.account, asked.task, asked.expected, asked.provider, $6, asked.at) b

-- name: store_handles
-- Stores many handles of attempts that are still the newest of their tasks; account_id comes with each.
with mine as (
    select a.account_id, a.task_id, a.number, asked.handle
    from unnest($1::text[], $2::text[], $3::integer[], $4::text[]) as asked(account, task, number, handle)
    join attempts a on a.account_id = asked.account and a.task_id = asked.task and a.number = asked.number
    where a.ended_at is null
    order by a.account_id, a.task_id
    for update of a
)
update attempts a set handle = mine.handle
from mine
where a.account_id = mine.account_id and a.task_id = mine.task_id and a.number = mine.number
returning a.task_id, (
    select t.cancel_requested_at is not null from tasks t where t.account_id = a.account_id and t.id = a.task_id
) as cancelled

-- name: end_attempt
-- Notes that an attempt at a task of an account_id came to nothing, while the task goes on.
update attempts set outcome = $4, ended_at = $5
where account_id = $1 and task_id = $2 and number = $3 and ended_at is null

-- name: finish
-- Ends many tasks, each once, in account order; account_id comes with each.
select e.ended
from (
    select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::bigint[], $6::jsonb[], $7::jsonb[],
                         $8::text[], $9::text[]) with ordinality
        as t(account, task, attempt, status, credits, result, error, outcome, event, ord)
    order by account, task, ord
) q
cross join lateral generation_end(
    q.account, q.task, q.attempt, q.status, q.credits, q.result, q.error, q.outcome, q.event, $10) as e(ended)
order by q.ord

-- name: store_progress
-- Notes how far a task of an account_id is.
update tasks set progress = $4, updated_at = $5
where account_id = $1 and id = $2 and attempt = $3 and status = 'processing'

-- name: cancel_waiting
-- Ends a task of an account_id that no provider has in hand: none was asked yet, or all refused for now.
select generation_end($1, t.id, null, 'failed', 0, null, $3, 'cancelled', $4, $5) as ended
from tasks t
where t.account_id = $1 and t.id = $2
  and (t.status = 'queued' or t.status = 'processing' and exists (
      select from attempts a
      where a.account_id = t.account_id and a.task_id = t.id and a.number = t.attempt and a.outcome = 'refused'))

-- name: request_cancel
-- Asks the worker that has a task of an account_id to cancel it.
with asked as (
    update tasks set cancel_requested_at = coalesce(cancel_requested_at, $3)
    where account_id = $1 and id = $2 and status = 'processing'
    returning worker_id, account_id, id
)
select pg_notify('rivya_cancel', worker_id || ' ' || account_id || ' ' || id) from asked

-- name: cancels_asked
-- Finds the tasks, of every account, that a worker has and was asked to cancel.
select account_id, id from tasks
where worker_id = $1 and status = 'processing' and cancel_requested_at is not null and not cancel_declined

-- name: decline_cancel
-- Notes that the provider of a task of an account_id cannot cancel it, so that it is left to finish.
update tasks set cancel_declined = true, updated_at = $4
where account_id = $1 and id = $2 and attempt = $3 and status = 'processing'

-- name: adopt
-- Takes over tasks, of every account, whose worker has been silent since $2.
with orphans as (
    select t.account_id, t.id
    from workers w join tasks t on t.worker_id = w.id and t.status = 'processing'
    where w.heartbeat_at < $2 and w.id <> $1
    limit $3
    for update of t skip locked
)
update tasks t set worker_id = $1 from orphans o
where t.account_id = o.account_id and t.id = o.id
returning t.*

-- name: past_deadline
-- Finds tasks, of every account, whose time is over.
select account_id, id from tasks
where status in ('queued', 'processing') and deadline_at <= $1
order by deadline_at limit $2

-- name: lost_jobs
-- Finds queued tasks, of every account, that have waited since $1 without a job in the queue.
select t.account_id, t.id, t.model from tasks t
where t.status = 'queued' and t.deadline_at > $2 and t.created_at < $1
  and not exists (
      select from pgqueuer q
      where q.status in ('queued', 'picked') and q.payload = convert_to(t.account_id || ' ' || t.id, 'UTF8')
  )
limit 100

-- name: requeue
-- Puts a job into the queue again, for the task of an account_id.
select queue_generation($1, $2, $3, 0)
