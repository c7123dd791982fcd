-- The end of each task made through the public API has exactly one event; no other task has any; test events are of no task.
select coalesce(t.account_id, e.account_id) as account_id,
       format('task %s is %s and has %s events (%s)', coalesce(t.id, e.task_id), t.status, count(e.id), min(e.type))
           as detail
from tasks t
full join (select * from events where task_id is not null) e on e.account_id = t.account_id and e.task_id = t.id
group by t.account_id, t.id, t.status, t.source, e.account_id, e.task_id
having count(e.id) <> (case when t.source = 'api' and t.status in ('succeeded', 'failed') then 1 else 0 end)
    or min(e.type) <> 'generation.' || t.status
