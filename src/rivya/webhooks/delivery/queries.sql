-- name: take_lanes
-- Takes lanes that are due, of every account, for this worker: those that have waited longest.
with due as (
    select account_id, endpoint_id from webhook_lanes
    where worker_id is null and due_at <= now()
    order by due_at limit $2
    for update skip locked
)
update webhook_lanes l set worker_id = $1 from due
where l.account_id = due.account_id and l.endpoint_id = due.endpoint_id
returning l.account_id, l.endpoint_id

-- name: next_due
-- Answers in how many seconds a lane that nobody has is due next, of every account.
select extract(epoch from min(due_at) - now())::float from webhook_lanes where worker_id is null

-- name: free_lanes
-- Frees the lanes, of every account, of workers that have been silent for $1 seconds.
update webhook_lanes l set worker_id = null
where l.worker_id is not null and not exists (
    select from workers w where w.id = l.worker_id and w.heartbeat_at > now() - make_interval(secs => $1)
)

-- name: leave_lanes
-- Frees all lanes of this worker, of every account, as they stand, and tells the others.
with freed as (update webhook_lanes set worker_id = null where worker_id = $1 returning 1)
select pg_notify('rivya_deliveries', '') where exists (select from freed)

-- name: release_lanes
-- Gives lanes of this worker back, each by its account_id and endpoint, until they are due again.
select account_id, endpoint_id from webhook_lanes_release($1, $2::text[], $3::text[])

-- name: endpoints
-- Reads the endpoints of those lanes, each by its account_id, that are still this worker's.
select e.*
from unnest($2::text[], $3::text[]) as asked(account_id, endpoint_id)
join webhook_lanes l using (account_id, endpoint_id)
join webhook_endpoints e on e.account_id = l.account_id and e.id = l.endpoint_id
where l.worker_id = $1

-- name: due
-- Reads the deliveries that are due in each of some lanes, at most so many, with their events and how their tasks
-- ended; those in hand are left out. The account_id comes with each lane.
select d.account_id, d.endpoint_id, d.id as delivery_id, d.event_id, d.event_type, d.tries,
       e.created_at as event_created_at, e.task_id,
       t.id, t.status, t.model, t.client_request_id, t.reserved_credits, t.final_credits, t.progress, t.result, t.error,
       t.cancel_requested_at, t.cancel_declined, t.created_at, t.updated_at
from unnest($1::text[], $2::text[], $3::integer[]) as lane(account_id, endpoint_id, most)
cross join lateral (
    select * from webhook_deliveries p
    where p.account_id = lane.account_id and p.endpoint_id = lane.endpoint_id and p.status = 'pending'
      and p.next_attempt_at <= now() and p.id <> all ($4::text[])
    order by p.next_attempt_at limit lane.most
) d
join events e on e.account_id = d.account_id and e.id = d.event_id
left join tasks t on t.account_id = e.account_id and t.id = e.task_id

-- name: finish
-- Records attempts (delivery, its tries before, status then, seconds until the next) and moves their deliveries on;
-- the account_id comes with each. A delivery that was begun anew or ended meanwhile only has the attempt recorded,
-- unless it arrived: that counts, whoever sent it. Asked again for the same attempt, because the first answer was lost,
-- it changes nothing.
with given as (
    select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::float[], $6::timestamptz[],
                         $7::integer[], $8::text[], $9::text[], $10::integer[])
        as t(account_id, delivery_id, tries, status, wait_s, at, response_status, response_body, error, duration_ms)
),
locked as (
    select d.account_id, d.id, d.status = 'pending' and d.tries = g.tries as current
    from given g join webhook_deliveries d on d.account_id = g.account_id and d.id = g.delivery_id
    where not exists (
        select from webhook_attempts a
        where a.account_id = d.account_id and a.delivery_id = d.id and a.number = d.attempts and a.at = g.at
    )
    order by d.account_id, d.id
    for update of d
),
moved as (
    update webhook_deliveries d set
        attempts = d.attempts + 1,
        tries = case when l.current then d.tries + 1 else d.tries end,
        status = case when l.current or g.status = 'succeeded' then g.status else d.status end,
        next_attempt_at = case
            when g.status = 'succeeded' then null
            when l.current then now() + make_interval(secs => g.wait_s)
            else d.next_attempt_at
        end,
        updated_at = now()
    from locked l join given g on g.account_id = l.account_id and g.delivery_id = l.id
    where d.account_id = l.account_id and d.id = l.id
    returning d.account_id, d.id, d.attempts as number
)
insert into webhook_attempts (account_id, delivery_id, number, at, response_status, response_body, error, duration_ms)
select m.account_id, m.id, m.number, g.at, g.response_status, g.response_body, g.error, g.duration_ms
from moved m join given g on g.account_id = m.account_id and g.delivery_id = m.id

-- name: note
-- Notes how endpoints, each by its account_id, did: whether one took anything, how often it failed since then and when
-- first, and whether it is gone. One that is gone, or has only failed for $8 seconds, is disabled.
with locked as (
    select n.*, case
        when e.status <> 'active' or n.failed_at is null then null
        when n.gone then 'gone'
        when n.succeeded_at is null and e.failing_since < n.failed_at - make_interval(secs => $8) then 'failing'
    end as reason
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::integer[], $6::timestamptz[],
                $7::boolean[])
        as n(account_id, endpoint_id, succeeded_at, failed_at, failures, failing_since, gone)
    join webhook_endpoints e on e.account_id = n.account_id and e.id = n.endpoint_id
    order by e.account_id, e.id
    for update of e
)
update webhook_endpoints e set
    last_success_at = coalesce(l.succeeded_at, e.last_success_at),
    last_failure_at = coalesce(l.failed_at, e.last_failure_at),
    failure_count = l.failures + case when l.succeeded_at is null then e.failure_count else 0 end,
    failing_since = case when l.succeeded_at is null then coalesce(e.failing_since, l.failing_since)
                         else l.failing_since end,
    status = case when l.reason is null then e.status else 'disabled' end,
    disabled_reason = coalesce(l.reason, e.disabled_reason),
    disabled_at = case when l.reason is null then e.disabled_at else l.failed_at end,
    updated_at = case when l.reason is null then e.updated_at else l.failed_at end
from locked l
where e.account_id = l.account_id and e.id = l.endpoint_id

-- name: mend_lanes
-- Makes lanes due, in every account, whose deliveries wait while nobody is going to look.
insert into webhook_lanes as l (account_id, endpoint_id, due_at)
select d.account_id, d.endpoint_id, min(d.next_attempt_at)
from webhook_deliveries d
left join webhook_lanes l on l.account_id = d.account_id and l.endpoint_id = d.endpoint_id
where d.status = 'pending'
group by d.account_id, d.endpoint_id, l.account_id, l.worker_id, l.due_at
having l.account_id is null
    or l.worker_id is null and (l.due_at is null or l.due_at > min(d.next_attempt_at))
on conflict (account_id, endpoint_id) do update set due_at = excluded.due_at
where l.due_at is null or l.due_at > excluded.due_at

-- name: forget_deliveries
-- Deletes deliveries that ended, with their attempts, and that were made before $1, in every account.
with old as (
    select account_id, id from webhook_deliveries
    where created_at < $1 and status <> 'pending' limit $2
    for update skip locked
),
attempts as (
    delete from webhook_attempts a using old where a.account_id = old.account_id and a.delivery_id = old.id
)
delete from webhook_deliveries d using old where d.account_id = old.account_id and d.id = old.id

-- name: forget_tests
-- Deletes test events made before $1, of every account; those of tasks stay as long as the tasks.
delete from events where type = 'webhook.test' and created_at < $1
