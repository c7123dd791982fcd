-- The open reservations of a wallet sum to its reserved credits, and their number is what it says.
select w.account_id,
       format('reserved %s in %s, open reservations %s in %s',
              w.reserved, w.open_reservations, coalesce(r.credits, 0), coalesce(r.number, 0)) as detail
from wallets w
left join (
    select account_id, sum(credits) as credits, count(*) as number
    from reservations where state = 'open' group by account_id
) r using (account_id)
where w.reserved <> coalesce(r.credits, 0) or w.open_reservations <> coalesce(r.number, 0)
