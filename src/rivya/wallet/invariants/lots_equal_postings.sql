-- A lot's available and reserved credits are the sums of its postings, and it was posted once as granted.
select coalesce(l.account_id, p.account_id) as account_id,
       format('lot %s: available %s, posted %s; reserved %s, posted %s; granted %s, posted %s',
              coalesce(l.id, p.lot_id), l.available, p.available, l.reserved, p.reserved, l.granted, p.granted)
           as detail
from lots l
full join (
    select account_id, lot_id,
           sum(credits) filter (where ledger_account = 'available') as available,
           sum(credits) filter (where ledger_account = 'reserved') as reserved,
           -sum(credits) filter (where ledger_account = 'grants') as granted
    from postings group by account_id, lot_id
) p on p.account_id = l.account_id and p.lot_id = l.id
where coalesce(l.available, 0) <> coalesce(p.available, 0)
   or coalesce(l.reserved, 0) <> coalesce(p.reserved, 0)
   or coalesce(l.granted, 0) <> coalesce(p.granted, 0)
