-- name: create_account
-- Adds an account; answers nothing when the e-mail address has one.
insert into accounts (id, email, password_hash, is_operator, created_at)
values ($1, $2, $3, $4, $5)
on conflict (lower(email)) do nothing
returning id

-- name: account_by_email
-- Finds an account by its e-mail address, whatever the case.
select id, email, is_operator, created_at, disabled_at from accounts where lower(email) = lower($1)

-- name: person
-- Reads what its owner sees of an account; $1 is the account_id.
select id, email, name, is_operator, password_hash is not null as has_password, email_verified_at, password_changed_at,
       created_at
from accounts where id = $1 and deleted_at is null

-- name: password_by_email
-- Finds whom an e-mail address belongs to, in every account, and what the password must match.
select id, password_hash from accounts
where lower(email) = lower($1) and disabled_at is null and deleted_at is null

-- name: password_of
-- Reads what the password of an account must match; $1 is the account_id.
select password_hash from accounts where id = $1 and disabled_at is null and deleted_at is null

-- name: change_password
-- Gives an account another password; $1 is the account_id.
update accounts set password_hash = $2, password_changed_at = $3 where id = $1 and deleted_at is null

-- name: change_name
-- Gives an account another name; $1 is the account_id.
update accounts set name = $2 where id = $1 and deleted_at is null

-- name: verified
-- Notes that an account's e-mail address is its owner's, and what they are called; $1 is the account_id.
update accounts set email_verified_at = coalesce(email_verified_at, $2), password_hash = coalesce($3, password_hash),
    name = coalesce($4, name), password_changed_at = coalesce(password_changed_at, $2)
where id = $1

-- name: forget_person
-- Makes nobody of an account, for good: the ledger stays, whom it was about does not; $1 is the account_id.
update accounts set email = 'deleted-' || id || '@invalid', name = '', password_hash = null, email_verified_at = null,
    is_operator = false, deleted_at = $2, disabled_at = coalesce(disabled_at, $2)
where id = $1 and deleted_at is null

-- name: revoke_all_keys
-- Revokes all API keys of an account_id.
update api_keys set revoked_at = $2 where account_id = $1 and revoked_at is null

-- name: revoke_all_endpoints
-- Revokes all webhook endpoints of an account_id.
update webhook_endpoints set status = 'revoked', revoked_at = $2, updated_at = $2, old_secret = null
where account_id = $1 and status <> 'revoked'

-- name: begin_session
-- Signs a browser in to an account_id.
insert into sessions (account_id, id, token_hash, user_agent, address, created_at, last_seen_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $6, $7)

-- name: session_by_token
-- Finds the session of a token, in every account, unless it is over or was not seen since $3.
select s.*, a.email, a.name, a.is_operator
from sessions s join accounts a on a.id = s.account_id
where s.token_hash = $1 and s.expires_at > $2 and s.last_seen_at > $3 and a.disabled_at is null and a.deleted_at is null

-- name: session_seen
-- Notes that a session of an account_id was used.
update sessions set last_seen_at = $3 where account_id = $1 and id = $2

-- name: sessions
-- Reads the sessions of an account_id that are not over.
select s.*, a.email, a.name, a.is_operator
from sessions s join accounts a on a.id = s.account_id
where s.account_id = $1 and s.expires_at > $2 and s.last_seen_at > $3
order by s.last_seen_at desc

-- name: end_session
-- Ends one session of an account_id.
delete from sessions where account_id = $1 and id = $2 returning true

-- name: end_sessions
-- Ends all sessions of an account_id but $2.
delete from sessions where account_id = $1 and ($2::text is null or id <> $2) returning id

-- name: keep_sign_up
-- Keeps a sign-up until its address is proven.
insert into sign_ups (token_hash, email, name, password_hash, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)

-- name: take_sign_up
-- Takes a sign-up whose address is proven, and with it all others of that address, which are void now.
with taken as (delete from sign_ups where token_hash = $1 and expires_at > $2 returning *),
     others as (delete from sign_ups o using taken t where lower(o.email) = lower(t.email) and o.token_hash <> $1)
select email, name, password_hash from taken

-- name: keep_reset
-- Keeps that a mail to choose another password was sent to an account_id.
insert into password_resets (account_id, token_hash, created_at, expires_at) values ($1, $2, $3, $4)

-- name: reset_by_token
-- Finds whom a mail to choose another password was sent to, in every account, unless it was used or is too old.
select r.account_id from password_resets r join accounts a on a.id = r.account_id
where r.token_hash = $1 and r.expires_at > $2 and r.used_at is null and a.disabled_at is null and a.deleted_at is null

-- name: use_resets
-- Uses up all mails of an account_id to choose another password.
update password_resets set used_at = $2 where account_id = $1 and used_at is null

-- name: forget_old_sign_ins
-- Forgets, in every account, sessions that are over, sign-ups, resets and sign-ins at issuers too old, and failures of
-- days ago.
with a as (delete from sessions where expires_at < $1 or last_seen_at < $2 returning 1),
     b as (delete from sign_ups where expires_at < $1 returning 1),
     c as (delete from password_resets where expires_at < $1 returning 1),
     d as (delete from throttles where last_at < $1::timestamptz - interval '2 days' returning 1),
     e as (delete from sign_in_flows where expires_at < $1 returning 1)
select (select count(*) from a) + (select count(*) from b) + (select count(*) from c) + (select count(*) from d)
     + (select count(*) from e)

-- name: throttled
-- Finds until when the last of these subjects is blocked.
select max(blocked_until) from throttles where subject = any($1)

-- name: failed
-- Counts a failure of each of these subjects.
select throttle_failed(s, f, m, $4) from unnest($1::bytea[], $2::integer[], $3::integer[]) as t(s, f, m) order by s

-- name: passed
-- Forgets the failures of a subject.
delete from throttles where subject = $1

-- name: note
-- Writes down who did what to an account_id.
insert into audit_log (account_id, id, actor, action, details, address, created_at)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: audit_of_account
-- Reads the newest notes about an account_id, the last first.
select l.*, a.email as actor_email
from audit_log l left join accounts a on a.id = l.actor
where l.account_id = $1
order by l.created_at desc, l.id desc limit $2

-- name: audit
-- Reads the newest notes about every account_id, or those before the note $1, of an action that begins with $2, the last first.
select l.*, a.email as actor_email, b.email as account_email
from audit_log l left join accounts a on a.id = l.actor left join accounts b on b.id = l.account_id
where ($1::text is null or (l.created_at, l.id) < (select last.created_at, last.id from audit_log last where last.id = $1))
  and ($2::text is null or l.action like $2 || '%')
order by l.created_at desc, l.id desc limit $3

-- name: ask_for_letter
-- Keeps that a letter is to be sent; it belongs to nobody.
insert into letters (id, kind, email, name, password_hash, due_at, created_at) values ($1, $2, $3, $4, $5, $6, $6)

-- name: take_letters
-- Takes letters that are due, whoever they are to, until $2: one whose taker has died is taken again then.
update letters l set tries = l.tries + 1, due_at = $2
from (select id from letters where due_at <= $1 order by due_at limit $3 for update skip locked) due
where l.id = due.id
returning l.*

-- name: letter_done
-- Forgets a letter that was sent, or that nobody waits for any more.
delete from letters where id = $1

-- name: letter_later
-- Has a letter that could not be sent tried again.
update letters set due_at = $2 where id = $1
