-- name: read
-- Reads how a switch stands, for every account; nothing when it was never touched.
select is_on, reason, changed_at from switches where name = $1

-- name: turn
-- Turns a switch, for every account. One that stands so already keeps the time since when it does.
insert into switches (name, is_on, reason, changed_at) values ($1, $2, $3, $4)
on conflict (name) do update
set is_on = excluded.is_on, reason = excluded.reason,
    changed_at = case when switches.is_on = excluded.is_on then switches.changed_at else excluded.changed_at end
returning is_on, reason, changed_at
