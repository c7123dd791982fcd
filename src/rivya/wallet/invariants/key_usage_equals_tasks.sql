-- What a line of keys used in a month, and has in flight of it, is what its tasks and
-- chat turns of that month reserved or spent.
select coalesce(u.account_id, t.account_id) as account_id,
       format('%s in %s: %s credits, tasks %s; %s in flight, tasks %s', coalesce(u.usage_id, t.usage_id),
              coalesce(u.month, t.month), u.credits, t.credits, u.in_flight, t.in_flight) as detail
from key_usage u
full join (
    select account_id, usage_id, month_of(created_at) as month,
           sum(case when is_open then reserved_credits else final_credits end) as credits,
           count(*) filter (where is_open) as in_flight
    from (
        select account_id, usage_id, created_at, reserved_credits, final_credits,
               status in ('queued', 'processing') as is_open
        from tasks where usage_id is not null
        union all
        select account_id, usage_id, created_at, reserved_credits, final_credits, status = 'running'
        from chat_turns where usage_id is not null
    ) made group by 1, 2, 3
) t on t.account_id = u.account_id and t.usage_id = u.usage_id and t.month = u.month
where coalesce(u.credits, 0) <> coalesce(t.credits, 0) or coalesce(u.in_flight, 0) <> coalesce(t.in_flight, 0)
