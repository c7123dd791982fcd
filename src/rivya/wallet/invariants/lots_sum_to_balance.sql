-- The lots of a wallet sum to its available and reserved credits.
select w.account_id,
       format('available %s, lots %s; reserved %s, lots %s', w.available, l.available, w.reserved, l.reserved) as detail
from wallets w
left join (
    select account_id, sum(available) as available, sum(reserved) as reserved from lots group by account_id
) l using (account_id)
where w.available <> coalesce(l.available, 0) or w.reserved <> coalesce(l.reserved, 0)
