-- name: exists
-- Finds whether an account is there; $1 is the account_id.
select exists (select from accounts where id = $1 and deleted_at is null)

-- name: set_disabled
-- Shuts an account out, or lets it in; $1 is the account_id.
update accounts set disabled_at = case when $2::timestamptz is null then null else coalesce(disabled_at, $2) end
where id = $1 and deleted_at is null
returning true

-- name: accounts
-- Reads the newest of every account that a search finds, before the id $2.
select a.id, a.email, a.name, a.is_operator, a.created_at, a.disabled_at, a.deleted_at,
       coalesce(w.available, 0)::bigint as available, coalesce(w.reserved, 0)::bigint as reserved
from accounts a left join wallets w on w.account_id = a.id
where ($1 = '' or a.id = $1 or strpos(lower(a.email), lower($1)) > 0 or strpos(lower(a.name), lower($1)) > 0)
  and ($2::text is null or a.id < $2)
order by a.id desc
limit $3

-- name: account
-- Reads one account; $1 is the account_id.
select a.id, a.email, a.name, a.is_operator, a.created_at, a.disabled_at, a.deleted_at,
       coalesce(w.available, 0)::bigint as available, coalesce(w.reserved, 0)::bigint as reserved
from accounts a left join wallets w on w.account_id = a.id
where a.id = $1

-- name: open_tasks
-- Reads tasks of every account that have not ended and were accepted before $1.
select t.account_id, a.email, t.id, t.model, t.status, t.provider, t.attempt, t.created_at, t.deadline_at
from tasks t join accounts a on a.id = t.account_id
where t.status in ('queued', 'processing') and t.created_at < $1
order by t.deadline_at
limit $2

-- name: failing
-- Counts how tasks of every account ended since $1, by model and provider.
select t.model, t.provider,
       count(*) filter (where t.status = 'succeeded') as succeeded,
       count(*) filter (where t.status = 'failed') as failed,
       coalesce((
           select json_object_agg(r.reason, r.count) from (
               select coalesce(f.error ->> 'reason', 'unknown') as reason, count(*) as count
               from tasks f
               where f.created_at > $1 and f.status = 'failed' and f.model = t.model
                 and f.provider is not distinct from t.provider
               group by 1
           ) r
       ), '{}')::text as reasons
from tasks t
where t.created_at > $1 and t.status in ('succeeded', 'failed')
group by t.model, t.provider
order by failed desc, succeeded desc
limit 100

-- name: days
-- Counts, by the day, how tasks of every account ended that were made since $1, and how long they took.
select date_trunc('day', t.created_at at time zone 'UTC')::date as day,
       count(*) filter (where t.status = 'succeeded') as succeeded,
       count(*) filter (where t.status = 'failed') as failed,
       percentile_cont(0.5) within group (order by extract(epoch from t.updated_at - t.created_at)::float8)
           filter (where t.status = 'succeeded') as p50_s,
       percentile_cont(0.95) within group (order by extract(epoch from t.updated_at - t.created_at)::float8)
           filter (where t.status = 'succeeded') as p95_s
from tasks t
where t.created_at > $1 and t.status in ('succeeded', 'failed')
group by 1
order by 1

-- name: spent_by_day
-- Adds up what every account spent for good since $1, by the day.
select date_trunc('day', at at time zone 'UTC')::date as day, sum(credits)::bigint as spent
from ledger
where at > $1 and destination = 'revenue'
group by 1

-- name: note_invariants
-- Keeps how a check of the money of every account came out, and forgets those of more than a month ago.
with old as (delete from invariant_runs where at < $2::timestamptz - interval '31 days')
insert into invariant_runs (id, at, rules, took_ms, violations) values ($1, $2, $3, $4, $5)

-- name: invariant_runs
-- Reads the newest checks of the money of every account.
select at, rules, took_ms, violations from invariant_runs order by at desc limit $1
