-- What each worker can do, as it says itself with its heartbeat: which models can be called follows from it.
alter table workers
    -- Routes (provider.target) that it can do now. Null: a worker of an earlier version, which does not say.
    add column serves       text[],
    -- Routes that it could do, and leaves alone for a while because they kept failing.
    add column shut         text[] not null default '{}',
    -- How long that holds without another heartbeat. Beyond the lease: a worker that is started again is not missed.
    add column serves_until timestamptz;
