-- name: beat
-- Says that this worker lives.
insert into workers (id, host, pid) values ($1, $2, $3)
on conflict (id) do update set heartbeat_at = now()

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
