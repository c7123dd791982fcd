-- name: lock_account
-- Lets the calls of one account that count what it has go one after the other; $1 is the account_id.
select from accounts where id = $1 for no key update

-- name: claim_key
-- Takes an Idempotency-Key of an account_id; waits for whoever is taking the same one, and answers null if they did.
insert into idempotency_keys (account_id, route, key, fingerprint, subject_id, response, created_at)
values ($1, $2, $3, $4, '', '', $5)
on conflict do nothing
returning true

-- name: answered_key
-- Finds what an Idempotency-Key of an account_id was answered before.
select k.fingerprint, k.response from idempotency_keys k
where k.account_id = $1 and k.route = $2 and k.key = $3

-- name: answer_key
-- Keeps what an Idempotency-Key of an account_id is answered.
update idempotency_keys set response = $4 where account_id = $1 and route = $2 and key = $3

-- name: count_endpoints
-- Counts the endpoints of an account_id that are not revoked.
select count(*) from webhook_endpoints where account_id = $1 and status <> 'revoked'

-- name: insert_endpoint
-- Adds an endpoint to an account_id.
insert into webhook_endpoints (account_id, id, name, url, event_types, secret, secret_preview, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
returning *

-- name: list_endpoints
-- Reads the newest endpoints of an account_id, or those that come after the id $2, of those with the status $3.
select * from webhook_endpoints
where account_id = $1 and ($2::text is null or id < $2) and ($3::text is null or status = $3)
order by id desc
limit $4

-- name: read_endpoint
-- Reads an endpoint of an account_id.
select * from webhook_endpoints where account_id = $1 and id = $2

-- name: lock_endpoint
-- Reads an endpoint of an account_id, which stays as it is until the transaction ends.
select * from webhook_endpoints where account_id = $1 and id = $2 for no key update

-- name: change_endpoint
-- Changes of an endpoint of an account_id, unless it is revoked, what is not null here. One that becomes active again
-- begins without a history of failures.
update webhook_endpoints e set
    name = coalesce($3, e.name),
    url = coalesce($4, e.url),
    event_types = coalesce($5, e.event_types),
    status = coalesce($6, e.status),
    disabled_reason = case when $6 = 'active' then null when $6 = 'disabled' and e.status = 'active' then 'owner'
                           else e.disabled_reason end,
    disabled_at = case when $6 = 'active' then null when $6 = 'disabled' and e.status = 'active' then $7
                       else e.disabled_at end,
    failing_since = case when $6 = 'active' and e.status = 'disabled' then null else e.failing_since end,
    failure_count = case when $6 = 'active' and e.status = 'disabled' then 0 else e.failure_count end,
    updated_at = $7
where e.account_id = $1 and e.id = $2 and e.status <> 'revoked'
returning *

-- name: revoke_endpoint
-- Revokes an endpoint of an account_id, for good; one that is revoked stays as it is.
update webhook_endpoints set status = 'revoked', revoked_at = $3, updated_at = $3, old_secret = null
where account_id = $1 and id = $2 and status <> 'revoked'

-- name: rotate_secret
-- Gives an endpoint of an account_id a new secret; the one before signs as well until $5.
update webhook_endpoints
set old_secret = secret, old_secret_until = $5, secret = $3, secret_preview = $4, updated_at = $6
where account_id = $1 and id = $2 and status <> 'revoked'
returning *

-- name: insert_event
-- Adds an event that is of no task to an account_id.
insert into events (account_id, id, type, task_id, created_at) values ($1, $2, $3, null, $4)

-- name: list_events
-- Reads the newest events of an account_id, or those that come after the id $2, of those with the type $3.
select account_id, id, type, task_id, created_at from events
where account_id = $1 and ($2::text is null or id < $2) and ($3::text is null or type = $3)
order by id desc
limit $4

-- name: read_event
-- Reads an event of an account_id.
select account_id, id, type, task_id, created_at from events where account_id = $1 and id = $2

-- name: events_since
-- Reads the events of an account_id that come after the id $2, in their order.
select account_id, id, type, task_id, created_at from events where account_id = $1 and id > $2 order by id limit $3

-- name: list_deliveries
-- Reads the newest deliveries of an account_id to an endpoint, or those that come after the id $3, that pass the filters.
select * from webhook_deliveries
where account_id = $1 and endpoint_id = $2 and ($3::text is null or id < $3) and ($4::text is null or status = $4)
  and ($5::text is null or event_type = $5)
order by id desc
limit $6

-- name: read_delivery
-- Reads a delivery of an account_id to an endpoint.
select * from webhook_deliveries where account_id = $1 and endpoint_id = $2 and id = $3

-- name: newest_attempts
-- Reads the newest attempts, $3 of each, that were made for some deliveries of an account_id; oldest first.
select a.*
from unnest($2::text[]) as asked(delivery_id)
cross join lateral (
    select * from webhook_attempts w where w.account_id = $1 and w.delivery_id = asked.delivery_id
    order by w.number desc limit $3
) a
order by a.delivery_id, a.number

-- name: insert_deliveries
-- Puts events of an account_id on their way to an endpoint that none of them is on its way to.
insert into webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, next_attempt_at, created_at, updated_at)
select $1, t.id, $2, t.event_id, t.event_type, $6, $6, $6
from unnest($3::text[], $4::text[], $5::text[]) as t(id, event_id, event_type)
on conflict do nothing

-- name: begin_anew
-- Begins deliveries of an account_id anew: those that ended, and those that wait for another try. What is due is being
-- sent as it is.
update webhook_deliveries set status = 'pending', tries = 0, next_attempt_at = $3, updated_at = $3
where account_id = $1 and id = any($2) and (status <> 'pending' or next_attempt_at > $3)

-- name: to_replay
-- Finds the events of an account_id, of the types $7, that happened from $5 on and before $6 and that an endpoint did
-- not get, or also, by $8, those that it got. What is on its way is left out. $3 and $4 only bound where to look: an
-- id is made a little before its event.
select e.id, e.type, e.created_at, d.id as delivery_id
from events e
left join webhook_deliveries d on d.account_id = e.account_id and d.endpoint_id = $2 and d.event_id = e.id
where e.account_id = $1 and e.id >= $3 and e.id < $4 and e.created_at >= $5 and e.created_at < $6 and e.type = any($7)
  and (d.id is null or d.status = 'failed' or ($8 and d.status = 'succeeded'))
order by e.created_at, e.id
limit $9

-- name: call_back
-- Tells the workers, of every account, that a provider called back about a task.
select pg_notify($1, $2)
