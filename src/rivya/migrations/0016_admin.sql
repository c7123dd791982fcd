-- What an operator looks at: the runs of the checks of the money, and a way to the newest rows of large tables.

create table invariant_runs (
    id         text primary key,
    at         timestamptz not null,
    rules      integer not null,
    took_ms    integer not null,
    violations jsonb not null              -- the first of them: [{rule, account_id, detail}]
);

-- Rows come in the order of their time: a few bytes for many of them say where a day is.
create index tasks_created_at on tasks using brin (created_at) with (pages_per_range = 32);
create index ledger_at on ledger using brin (at) with (pages_per_range = 32);
