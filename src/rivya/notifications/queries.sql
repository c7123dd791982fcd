-- name: notify
-- Adds notices, each once for its account_id, kind and subject; answers those that are new.
insert into notifications (account_id, id, kind, subject, title, body, link, created_at)
select n.*, $8 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) as n
on conflict (account_id, kind, subject) where subject is not null do nothing
returning id

-- name: list
-- Reads the newest notifications of an account_id, or those that come after the id $2; of the kind $3 only, if given.
select id, kind, title, body, link, created_at, read_at from notifications
where account_id = $1 and ($2::text is null or id < $2) and ($3::text is null or kind = $3)
order by id desc limit $4

-- name: unread
-- Counts the notifications of each kind that an account_id has not read.
select kind, count(*) as unread from notifications where account_id = $1 and read_at is null group by kind

-- name: mark_read
-- Notes that an account_id has read one; answers where it leads, and nothing when there is no such one.
update notifications set read_at = coalesce(read_at, $3) where account_id = $1 and id = $2 returning link

-- name: mark_all_read
-- Notes that an account_id has read all, or all of the kind $2.
update notifications set read_at = $3
where account_id = $1 and read_at is null and ($2::text is null or kind = $2)

-- name: forget
-- Deletes notifications, of every account, made before $1.
with old as (
    select account_id, id from notifications where created_at < $1 limit $2 for update skip locked
)
delete from notifications n using old where n.account_id = old.account_id and n.id = old.id

-- name: expiring
-- Finds lots, of every account, with credits left that lapse between $1 and $2 and of which nobody was told. A wallet
-- knows a moment before which none of its lots lapses: most wallets are passed over by it.
select l.account_id, l.id as lot, l.available as credits, l.expires_at
from wallets w join lots l on l.account_id = w.account_id
where w.next_expiry_at <= $2 and l.in_use and l.available > 0 and l.expires_at > $1 and l.expires_at <= $2
  and not exists (select from notifications n
                  where n.account_id = l.account_id and n.kind = 'credits' and n.subject = 'expiring:' || l.id)
limit $3

-- name: low
-- Finds wallets, of every account, that moved since $1 and hold at most $2 credits and a fifth of the newest lot, if
-- nobody was told since that lot came.
select w.account_id, newest.id as lot, w.available as credits
from wallets w
cross join lateral (
    select l.id, l.granted from lots l where l.account_id = w.account_id order by l.id desc limit 1
) newest
cross join lateral (
    select g.at from ledger g where g.account_id = w.account_id order by g.id desc limit 1
) moved
where w.available <= $2 and w.available <= newest.granted / 5 and moved.at >= $1
  and not exists (select from notifications n
                  where n.account_id = w.account_id and n.kind = 'credits' and n.subject = 'low:' || newest.id)
limit $3

-- name: failed
-- Finds tasks, of every account, made in the Studio since $1 that failed and that their owner did not cancel, if
-- nobody was told.
select t.account_id, t.id as task, t.model, t.error ->> 'message' as message
from tasks t
where t.source = 'studio' and t.status = 'failed' and t.created_at >= $1 and t.error ->> 'reason' <> 'cancelled'
  and not exists (select from notifications n
                  where n.account_id = t.account_id and n.kind = 'generation' and n.subject = 'failed:' || t.id)
limit $2
