-- What an operator turns off and on while everything runs. One row for the whole installation, not for an account.

create table switches (
    name       text primary key,
    is_on      boolean not null,
    reason     text not null,
    changed_at timestamptz not null
);

-- Every API process remembers how its switches stand; this tells all of them to look again.
create function switches_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('rivya_switches', new.name);
    return null;
end $$;
create trigger switches_changed after insert or update on switches
    for each row execute function switches_changed();
