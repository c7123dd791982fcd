-- Workers look for what they were asked to cancel and have not, every few seconds: they may not have heard it.
create index tasks_cancel_asked on tasks (worker_id)
    where status = 'processing' and cancel_requested_at is not null and not cancel_declined;
