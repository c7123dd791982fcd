-- A reservation was posted once as set aside and, when ended, once as spent and given back, to the credit.
select coalesce(r.account_id, p.account_id) as account_id,
       format('%s is %s: %s reserved, posted %s; %s settled, posted %s; posted back %s',
              coalesce(r.reason, p.business_id), r.state, r.credits, p.reserved, r.settled_credits, p.settled, p.back)
           as detail
from reservations r
full join (
    select account_id, business_id,
           coalesce(sum(credits) filter (where destination = 'reserved'), 0) as reserved,
           coalesce(sum(credits) filter (where destination = 'revenue'), 0) as settled,
           coalesce(sum(credits) filter (where source = 'reserved' and destination = 'available'), 0) as back
    from ledger where event in ('reserve', 'settle', 'release') group by account_id, business_id
) p on p.account_id = r.account_id and p.business_id = r.reason
where r.reason is null
   or r.credits <> coalesce(p.reserved, 0)
   or r.settled_credits <> coalesce(p.settled, 0)
   or coalesce(p.back, 0) <> case r.state when 'open' then 0 else r.credits - r.settled_credits end
