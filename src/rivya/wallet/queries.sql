-- name: open_wallet
-- Opens an account's wallet, empty.
select wallet_open($1)

-- name: grant
-- Adds a lot of credits, once for each business id.
select outcome, credits, available from wallet_grant($1, $2, $3, $4, $5, $6, $7)

-- name: reserve
-- Sets credits aside for each of many reasons, in account order so that two batches cannot deadlock.
select r.outcome, r.credits, r.available
from (
    select * from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as t(account, reason, credits, ord)
    order by account, ord
) asked
cross join lateral wallet_reserve(asked.account, asked.reason, asked.credits, $4) r
order by asked.ord

-- name: end_reservations
-- Settles ('settled') or releases ('released') each of many reservations, in account order.
select r.outcome, r.settled, r.returned
from (
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
        with ordinality as t(account, reason, credits, state, ord)
    order by account, ord
) asked
cross join lateral wallet_end(asked.account, asked.reason, asked.credits, asked.state, $5) r
order by asked.ord

-- name: lapse_due
-- Lets lapse what is past its expiry, in a bounded number of accounts.
select account_id, credits from wallet_lapse_due($1, $2)

-- name: balance
-- Reads an account's wallet; lots that have lapsed but were not yet taken out do not count.
select w.reserved, w.available - coalesce((
    select sum(l.available) from lots l
    where l.account_id = w.account_id and l.in_use and l.available > 0 and l.expires_at <= $2
), 0)::bigint as available
from wallets w where w.account_id = $1

-- name: expiring
-- Reads the lots of an account with credits left that lapse in a stretch of time.
select available as credits, expires_at from lots
where account_id = $1 and in_use and available > 0 and expires_at > $2 and expires_at <= $3
order by expires_at, id limit 100

-- name: statement
-- Reads an account's newest events, one line an event.
select min(at) as at, event, business_id,
       sum(case when destination = 'available' then credits when source = 'available' then -credits else 0 end)::bigint
           as available_change,
       sum(case when destination = 'revenue' then credits else 0 end)::bigint as spent
from ledger
where account_id = $1
group by event, business_id, at
order by max(id) desc
limit $2

-- name: transactions
-- Reads the newest events of an account_id, or those that come after the ledger row $2; only those of the kind $3.
-- An event's rows stand together, because they were written under the wallet's row: so the newest $5 rows hold the
-- newest $4 events, or all but the rest of the last one.
with newest as (
    select l.* from ledger l
    where l.account_id = $1 and ($2::bigint is null or l.id < $2) and ($3::text is null or l.event = $3)
    order by l.id desc limit $5
)
select max(n.id) as last, min(n.id) as first, min(n.at) as at, n.event, n.business_id, min(o.source) as source,
       sum(case when n.destination = 'available' then n.credits when n.source = 'available' then -n.credits else 0 end)
           ::bigint as available_change,
       sum(case when n.destination = 'revenue' then n.credits else 0 end)::bigint as spent,
       (select count(*) from newest) as rows_read
from newest n join lots o on o.account_id = n.account_id and o.id = n.lot_id
group by n.event, n.business_id, n.at
order by max(n.id) desc limit $4
