-- Files that people uploaded, and the uploads under way.

create table files (
    account_id        text not null,
    id                text not null,
    kind              text not null check (kind in ('image', 'video', 'audio')),
    file_name         text not null,
    mime_type         text not null,
    size_bytes        bigint not null,
    object_key        text not null,
    width             integer,
    height            integer,
    duration_s        double precision,
    client_request_id text,
    created_at        timestamptz not null,
    expires_at        timestamptz not null,
    deleted_at        timestamptz,
    primary key (account_id, id),
    check ((kind = 'image') = (duration_s is null))
);
create index files_expiring on files (expires_at);
create index files_deleted on files (deleted_at) where deleted_at is not null;

-- One row an upload that has an Idempotency-Key or has begun to store its object, until it is a file. It keeps
-- others with the same key out for as long as its process renews the lease, and it knows the object that a crash
-- may leave behind.
create table uploads (
    account_id      text not null,
    id              text not null,
    idempotency_key text,
    object_key      text,
    lease_until     timestamptz not null,
    primary key (account_id, id)
);
create unique index uploads_idempotency_key on uploads (account_id, idempotency_key) where idempotency_key is not null;
create index uploads_lease on uploads (lease_until);


-- Begins an upload under an Idempotency-Key. 'begun': the key is this upload's until its lease lapses; 'done': an
-- earlier one was answered; 'in_flight': an earlier one is under way. Asking again for the same upload is safe.
create function upload_begin(p_account text, p_upload text, p_route text, p_key text, p_lease interval) returns text
language plpgsql as $$
begin
    -- Who held the key and fell silent loses it; its object, if it has one, is still to be cleared away.
    update uploads u set idempotency_key = null
    where u.account_id = p_account and u.idempotency_key = p_key and u.lease_until < now() and u.id <> p_upload;
    insert into uploads (account_id, id, idempotency_key, lease_until)
    values (p_account, p_upload, p_key, now() + p_lease)
    on conflict do nothing;
    if not found and not exists (
        select from uploads u
        where u.account_id = p_account and u.id = p_upload and u.idempotency_key = p_key
    ) then
        return case when exists (
            select from idempotency_keys k where k.account_id = p_account and k.route = p_route and k.key = p_key
        ) then 'done' else 'in_flight' end;
    end if;
    -- Looked for only now that nobody else can finish under this key any more.
    if exists (
        select from idempotency_keys k where k.account_id = p_account and k.route = p_route and k.key = p_key
    ) then
        delete from uploads u where u.account_id = p_account and u.id = p_upload;
        return 'done';
    end if;
    return 'begun';
end $$;


-- Turns an upload whose object is stored into a file, with what its Idempotency-Key will be answered. 'stored'
-- (also when asked again); 'replay' or 'conflict' when another upload under the key was first; 'lapsed' when the
-- upload was silent for so long that its object may have been cleared away. Only 'stored' changes anything.
create function upload_store(
    p_account text, p_upload text, p_file text, p_kind text, p_file_name text, p_mime_type text, p_size_bytes bigint,
    p_object_key text, p_width integer, p_height integer, p_duration_s double precision, p_client_request_id text,
    p_created_at timestamptz, p_expires_at timestamptz, p_route text, p_key text, p_fingerprint bytea,
    p_response bytea, out outcome text, out response bytea
) language plpgsql as $$
declare
    v_first idempotency_keys;
begin
    if exists (select from files f where f.account_id = p_account and f.id = p_file) then
        outcome := 'stored';
        return;
    end if;
    perform from uploads u
    where u.account_id = p_account and u.id = p_upload and u.lease_until > now() - interval '30 minutes'
    for update;
    if not found then
        outcome := 'lapsed';
        return;
    end if;
    if p_key is not null then
        insert into idempotency_keys (account_id, route, key, fingerprint, subject_id, response, created_at)
        values (p_account, p_route, p_key, p_fingerprint, p_file, p_response, p_created_at)
        on conflict do nothing;
        if not found then
            select * into v_first from idempotency_keys k
            where k.account_id = p_account and k.route = p_route and k.key = p_key;
            outcome := case when v_first.fingerprint = p_fingerprint then 'replay' else 'conflict' end;
            response := v_first.response;
            return;
        end if;
    end if;
    insert into files (account_id, id, kind, file_name, mime_type, size_bytes, object_key, width, height,
                       duration_s, client_request_id, created_at, expires_at)
    values (p_account, p_file, p_kind, p_file_name, p_mime_type, p_size_bytes, p_object_key, p_width, p_height,
            p_duration_s, p_client_request_id, p_created_at, p_expires_at);
    delete from uploads u where u.account_id = p_account and u.id = p_upload;
    outcome := 'stored';
end $$;
