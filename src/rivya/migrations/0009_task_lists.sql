-- Tasks are listed by the trace that their caller gave them, and followed while they go on.

create index tasks_client_request_id on tasks (account_id, client_request_id, id) where client_request_id is not null;

-- Tells those who wait for a task that its status changed. Progress is not told: it changes often, and whoever follows
-- it looks now and then anyway.
create function tasks_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('rivya_tasks', new.account_id || ' ' || new.id);
    return null;
end $$;
create trigger tasks_changed after update of status on tasks
    for each row when (old.status is distinct from new.status) execute function tasks_changed();
