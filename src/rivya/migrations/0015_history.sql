-- What pages need to look back quickly, and notifications that are made once whoever makes them.

-- The Studio's tasks are few among those of the API: this finds them without reading all.
create index tasks_studio on tasks (account_id, id) where source = 'studio';
create index tasks_studio_failed on tasks (created_at) where source = 'studio' and status = 'failed';

-- What an account spent, by day, from the index alone.
create index ledger_spent on ledger (account_id, at) include (credits) where destination = 'revenue';

-- What it is about: whoever tells of the same thing again adds nothing.
alter table notifications add column subject text;
create unique index notifications_subject on notifications (account_id, kind, subject) where subject is not null;
create index notifications_unread on notifications (account_id, kind) where read_at is null;
create index notifications_created on notifications (created_at);

-- Whoever grants credits (an operator, a purchase), their owner hears of it with the grant itself. What an account
-- begins with is no news to it.
create function lots_granted() returns trigger language plpgsql as $$
begin
    insert into notifications (account_id, id, kind, subject, title, body, link, created_at)
    values (
        new.account_id, time_ordered_id('ntf'), 'credits', 'granted:' || new.business_id,
        'You received ' || to_char(new.granted, 'FM999,999,999,999,999') || case new.granted when 1 then ' credit' else ' credits' end,
        coalesce('They can be spent until ' || to_char(new.expires_at at time zone 'UTC', 'FMDD FMMonth YYYY') || '.',
                 'They do not expire.'),
        '/settings/credits', now())
    on conflict (account_id, kind, subject) where subject is not null do nothing;
    return null;
end $$;
create trigger lots_granted after insert on lots
    for each row when (new.source <> 'signup' and new.business_id not like 'account:%') execute function lots_granted();
