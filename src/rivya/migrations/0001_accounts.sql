-- People and their keys. Every other table is keyed by account first: it is the sharding key of the whole.

create table accounts (
    id            text primary key,
    email         text not null,
    password_hash text,
    is_operator   boolean not null default false,
    created_at    timestamptz not null default now(),
    disabled_at   timestamptz
);
create unique index accounts_email on accounts (lower(email));

create table api_keys (
    id           text not null,
    account_id   text not null references accounts (id),
    name         text not null,
    prefix       text not null,
    secret_hash  bytea not null,
    scopes       text[] not null,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    primary key (account_id, id)
);
create unique index api_keys_secret_hash on api_keys (secret_hash);
create unique index api_keys_id on api_keys (id);

-- Every process keeps a cache of keys; this tells all of them to forget one that changed.
create function api_keys_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('rivya_keys', encode(new.secret_hash, 'hex'));
    return null;
end $$;
create trigger api_keys_changed after update on api_keys
    for each row execute function api_keys_changed();

create function accounts_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('rivya_keys', encode(secret_hash, 'hex')) from api_keys where account_id = new.id;
    return null;
end $$;
create trigger accounts_changed after update of disabled_at on accounts
    for each row execute function accounts_changed();
