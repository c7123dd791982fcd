-- name: spent_by_month
-- Adds up what an account_id spent for good, by month, newest first.
select date_trunc('month', e.at) as month, sum(e.credits)::bigint as spent, count(*) as events
from ledger e
where e.account_id = $1 and e.event = 'settle' and e.destination = 'revenue' and e.at > $2
group by 1
order by 1 desc
