-- The audit log is read in the order in which things happened: ids tell that only to the millisecond, and one act may make several notes.
create index audit_log_newest on audit_log (created_at, id);
create index audit_log_newest_of_account on audit_log (account_id, created_at, id);
