-- Letters that were asked for and are not sent yet. What is in them is written when they are sent: no row holds a link.
-- Belongs to nobody: whether the address has an account is looked at then, too.
create table letters (
    id            text primary key,
    kind          text not null check (kind in ('sign_up', 'reset')),
    email         text not null,
    name          text not null default '',
    password_hash text,                    -- of a sign-up
    tries         integer not null default 0,
    due_at        timestamptz not null,    -- when it is to be tried next; while somebody sends it, when they must be dead
    created_at    timestamptz not null
);
create index letters_due on letters (due_at);
