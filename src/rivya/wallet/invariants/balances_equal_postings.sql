-- A wallet's available and reserved credits are the sums of their postings.
select coalesce(w.account_id, p.account_id) as account_id,
       format('available %s, posted %s; reserved %s, posted %s',
              w.available, p.available, w.reserved, p.reserved) as detail
from wallets w
full join (
    select account_id,
           sum(credits) filter (where ledger_account = 'available') as available,
           sum(credits) filter (where ledger_account = 'reserved') as reserved
    from postings group by account_id
) p using (account_id)
where coalesce(w.available, 0) <> coalesce(p.available, 0)
   or coalesce(w.reserved, 0) <> coalesce(p.reserved, 0)
