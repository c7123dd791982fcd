-- A running chat turn has one open reservation, an ended one exactly what it cost settled, a failed one nothing.
select t.account_id,
       format('turn %s is %s with %s of %s credits, its reservation is %s with %s of %s',
              t.id, t.status, t.final_credits, t.reserved_credits, r.state, r.settled_credits, r.credits) as detail
from chat_turns t
left join reservations r on r.account_id = t.account_id and r.reason = t.id
where r.state is distinct from
          case t.status when 'running' then 'open' when 'failed' then 'released' else 'settled' end
   or r.credits is distinct from t.reserved_credits
   or r.settled_credits is distinct from t.final_credits
