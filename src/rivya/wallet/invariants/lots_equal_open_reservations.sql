-- What is reserved of a lot is what the open reservations hold of it.
select l.account_id, format('lot %s: reserved %s, held by open reservations %s', l.id, l.reserved, held.credits) as detail
from lots l
left join (
    select r.account_id, part.lot, sum(part.credits) as credits
    from reservations r cross join lateral unnest(r.lot_ids, r.lot_credits) as part(lot, credits)
    where r.state = 'open' group by r.account_id, part.lot
) held on held.account_id = l.account_id and held.lot = l.id
where l.reserved <> coalesce(held.credits, 0)
