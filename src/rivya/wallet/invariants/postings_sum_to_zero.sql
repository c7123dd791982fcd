-- The postings of every event sum to zero: credits only move, they are never made or lost.
select account_id, format('%s %s sums to %s', event, business_id, sum(credits)) as detail
from postings
group by account_id, event, business_id, at
having sum(credits) <> 0
