-- name: figures
-- Reads how things stand, of every account_id, each figure as its name, its labels and its value. $1: a worker's lease in seconds.
with open_tasks as materialized (
    select status, created_at, deadline_at from tasks where status in ('queued', 'processing')
),
pending as materialized (
    select next_attempt_at from webhook_deliveries where status = 'pending'
),
reserved as materialized (
    select credits, created_at from reservations where state = 'open'
),
checked as (
    select at, jsonb_array_length(violations) as violations from invariant_runs order by at desc limit 1
)
select 'rivya_tasks_open' as name, jsonb_build_object('status', s.status) as labels,
       (select count(*) from open_tasks o where o.status = s.status)::float8 as value
from (values ('queued'), ('processing')) s (status)
union all
select 'rivya_tasks_oldest_seconds', jsonb_build_object('status', s.status),
       coalesce((select extract(epoch from now() - min(o.created_at)) from open_tasks o where o.status = s.status), 0)
from (values ('queued'), ('processing')) s (status)
union all
select 'rivya_tasks_overdue', '{}', count(*) from open_tasks where deadline_at < now() - interval '1 minute'
union all
select 'rivya_chat_turns_open', '{}', count(*) from chat_turns where status = 'running'
union all
select 'rivya_chat_turns_lapsed', '{}', count(*) from chat_turns
where status = 'running' and lease_until < now() - interval '1 minute'
union all
select 'rivya_credits_reserved', '{}', coalesce(sum(credits), 0) from reserved
union all
select 'rivya_reservations_open', '{}', count(*) from reserved
union all
select 'rivya_reservations_oldest_seconds', '{}', coalesce(extract(epoch from now() - min(created_at)), 0) from reserved
union all
select 'rivya_webhooks_pending', '{}', count(*) from pending
union all
select 'rivya_webhooks_overdue_seconds', '{}',
       greatest(0, coalesce(extract(epoch from now() - min(next_attempt_at)), 0)) from pending
union all
select 'rivya_letters_waiting', '{}', count(*) from letters
union all
select 'rivya_workers', '{}', count(*) from workers where heartbeat_at > now() - make_interval(secs => $1)
union all
select 'rivya_route_left_alone', jsonb_build_object('route', route), count(*)
from workers w cross join unnest(w.shut) route
where w.heartbeat_at > now() - make_interval(secs => $1)
group by route
union all
select 'rivya_queue_jobs', jsonb_build_object('status', status::text), count(*) from pgqueuer group by status
union all
select 'rivya_ledger_violations', '{}', violations from checked
union all
select 'rivya_ledger_checked_timestamp_seconds', '{}', extract(epoch from at) from checked
union all
select 'rivya_database_connections',
       jsonb_build_object('application', application_name, 'state', coalesce(state, 'unknown')), count(*)
from pg_stat_activity
where datname = current_database() and application_name like 'rivya%'
group by application_name, state
order by 1, 2
