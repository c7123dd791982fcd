-- name: beat
-- Says that this worker lives and what it serves; tells the API processes when that is news.
with before as (select serves from workers where id = $1 and serves_until > now()),
beaten as (
    insert into workers (id, host, pid, serves, shut, serves_until)
    values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
    on conflict (id) do update set
        heartbeat_at = now(), serves = excluded.serves, shut = excluded.shut, serves_until = excluded.serves_until
    returning serves
)
select pg_notify('rivya_serves', '') from beaten
where beaten.serves is distinct from (select before.serves from before)

-- name: served
-- Returns the routes that some worker serves, and whether any worker has been heard of within the lease. A worker of
-- an earlier version does not say what it serves: it is taken to serve everything, '*'.
select
    array(
        select distinct unnest(coalesce(w.serves, '{*}')) from workers w
        where w.serves_until > now()
           or (w.serves is null and w.heartbeat_at > now() - make_interval(secs => $1))
    ) as routes,
    exists (select from workers w where w.heartbeat_at > now() - make_interval(secs => $1)) as working

-- name: announced
-- Returns what each worker that counts has announced.
select id, host, pid, started_at, serves, shut from workers
where serves_until > now() order by host, started_at

-- name: hand_over
-- Says that this worker has gone: the others take its tasks at once.
update workers set heartbeat_at = '-infinity' where id = $1

-- name: tell_workers
-- Wakes the workers that wait for tasks to take over.
select pg_notify('rivya_workers', '')

-- name: forget_workers
-- Forgets workers that were silent for long and have no tasks left, in every account.
delete from workers w
where w.heartbeat_at < $1
  and (w.serves_until is null or w.serves_until < now())
  and not exists (select from tasks t where t.worker_id = w.id and t.status = 'processing')

-- name: forget_idempotency_keys
-- Forgets, in every account (each row by its account_id), keys that are older than the promise.
delete from idempotency_keys k
using (select account_id, route, key from idempotency_keys where created_at < $1 limit $2) old
where k.account_id = old.account_id and k.route = old.route and k.key = old.key

-- name: trim_queue_log
-- Forgets what pgqueuer noted of jobs long done.
delete from pgqueuer_log where created < $1

-- name: trim_queue_statistics
-- Forgets pgqueuer's old figures.
delete from pgqueuer_statistics where created < $1
