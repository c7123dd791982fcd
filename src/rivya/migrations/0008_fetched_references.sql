-- Pictures that were fetched from a URL which a client gave as a reference. They are no files of the Files API: only
-- the task reads them that they were fetched for. A row is there before its object, so that no object is ever
-- forgotten: neither after a crash, nor when the task was refused after all.

create table fetched_references (
    account_id text not null,
    id         text not null,
    object_key text not null,
    size_bytes bigint not null,
    fetched_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (account_id, id)
);
create index fetched_references_expiring on fetched_references (expires_at);
