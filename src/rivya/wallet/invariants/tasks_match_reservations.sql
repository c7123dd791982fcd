-- An open task has one open reservation, a succeeded one exactly one settlement, a failed one none: all given back.
select t.account_id,
       format('task %s is %s with %s of %s credits, its reservation is %s with %s of %s',
              t.id, t.status, t.final_credits, t.reserved_credits, r.state, r.settled_credits, r.credits) as detail
from tasks t
left join reservations r on r.account_id = t.account_id and r.reason = t.id
where r.state is distinct from
          case t.status when 'succeeded' then 'settled' when 'failed' then 'released' else 'open' end
   or r.credits is distinct from t.reserved_credits
   or r.settled_credits is distinct from t.final_credits
