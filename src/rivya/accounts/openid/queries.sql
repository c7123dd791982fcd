-- name: use
-- Finds whose a known identity is, in every account, and notes that it was used.
update identities i set last_used_at = $4, email = case when $3 = '' then i.email else $3 end
from accounts a
where i.issuer = $1 and i.subject = $2 and a.id = i.account_id
returning a.id, a.disabled_at, a.deleted_at

-- name: owner
-- Finds whose an identity is, in every account.
select account_id from identities where issuer = $1 and subject = $2

-- name: account_of_email
-- Finds an account by its e-mail address, whatever the case, in every account, and keeps it as it is meanwhile.
select id, is_operator, email_verified_at, disabled_at, deleted_at from accounts
where lower(email) = lower($1) for share

-- name: connect
-- Makes an identity a way into an account_id, unless it is one into another.
insert into identities (account_id, issuer, subject, email, created_at, last_used_at) values ($1, $2, $3, $4, $5, $5)
on conflict do nothing
returning account_id

-- name: ways_in
-- Counts the ways into an account_id, and lets nobody else change them meanwhile.
select a.password_hash is not null as has_password,
       (select count(*) from identities i where i.account_id = a.id) as identities
from accounts a where a.id = $1 for update

-- name: disconnect
-- Takes a way into an account_id away.
delete from identities where account_id = $1 and issuer = $2 and subject = $3 returning subject

-- name: of_account
-- Reads the ways into an account_id.
select * from identities where account_id = $1 order by created_at

-- name: forget
-- Takes all ways into an account_id away.
delete from identities where account_id = $1

-- name: begin_flow
-- Keeps what a sign-in at an issuer is bound by; account_id is whom it is to be connected to, if anybody.
insert into sign_in_flows (state_hash, browser_hash, provider, nonce, verifier, going_to, account_id, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: take_flow
-- Takes a sign-in that comes back, once, of every account: who began it is known by its state and the browser's cookie.
delete from sign_in_flows where state_hash = $1 returning *
