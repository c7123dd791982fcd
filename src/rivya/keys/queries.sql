-- name: insert_key
-- Adds a key to an account.
insert into api_keys (account_id, id, name, prefix, secret_hash, scopes, created_at, expires_at, credits_a_month,
                      requests_a_minute)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: keys_by_hash
-- Finds keys of every account by the hashes of their secrets: this is how a caller's account is told.
select k.secret_hash, k.id, k.account_id, coalesce(k.usage_id, k.id) as usage, k.scopes, k.requests_a_minute,
       k.expires_at, k.revoked_at, a.disabled_at
from api_keys k join accounts a on a.id = k.account_id
where k.secret_hash = any($1::bytea[])

-- name: list_keys
-- Reads the keys of an account_id, newest first, with what each used in the month of $2.
select k.id, k.name, k.prefix, k.scopes, k.created_at, k.last_used_at, k.expires_at, k.revoked_at, k.replaced_by,
       k.credits_a_month, k.requests_a_minute, coalesce(u.credits, 0) as used_credits
from api_keys k
left join key_usage u on u.account_id = k.account_id and u.usage_id = coalesce(k.usage_id, k.id)
                     and u.month = month_of($2)
where k.account_id = $1
order by k.created_at desc, k.id desc

-- name: revoke_key
-- Revokes a key by its id, for an operator, in every account; answers nothing when there is no such key.
update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning account_id, revoked_at

-- name: rotate_key
-- Puts the key $2 in the place of the key $1, for an operator, in every account: it goes on with all but the secret. The
-- old one lives until $6, or is revoked with null. Answers nothing when there is no such key or it is not in use.
with old as (
    select * from api_keys
    where id = $1 and revoked_at is null and replaced_by is null and (expires_at is null or expires_at > $5)
    for update
), leaving as (
    update api_keys k
    set replaced_by = $2, expires_at = least(k.expires_at, $6), revoked_at = case when $6 is null then $5 end
    from old where k.account_id = old.account_id and k.id = old.id
)
insert into api_keys (account_id, id, name, prefix, secret_hash, scopes, created_at, expires_at, usage_id,
                      credits_a_month, requests_a_minute)
select account_id, $2, name, $3, $4, scopes, $5, expires_at, coalesce(usage_id, id), credits_a_month, requests_a_minute
from old
returning scopes, expires_at

-- name: key_state
-- Reads how a key stands, by its id, for an operator, in every account.
select revoked_at, expires_at, replaced_by from api_keys where id = $1

-- name: change_limits
-- Changes the limits of a key and of those whose place it took or that took its place, by its id, for an operator, in
-- every account: $2 and $4 say which limits change.
update api_keys k
set credits_a_month = case when $2 then $3::bigint else k.credits_a_month end,
    requests_a_minute = case when $4 then $5::integer else k.requests_a_minute end
from api_keys named
where named.id = $1 and k.account_id = named.account_id
  and coalesce(k.usage_id, k.id) = coalesce(named.usage_id, named.id)
returning k.id, k.credits_a_month, k.requests_a_minute

-- name: note_uses
-- Notes when keys were last used; account_id comes with each. In order, so that two processes cannot deadlock.
with used as (
    select k.account_id, k.id, asked.at
    from unnest($1::text[], $2::text[], $3::timestamptz[]) as asked(account, key, at)
    join api_keys k on k.account_id = asked.account and k.id = asked.key
    where k.last_used_at is null or k.last_used_at < asked.at
    order by k.account_id, k.id
    for update of k
)
update api_keys k set last_used_at = used.at
from used where k.account_id = used.account_id and k.id = used.id

-- name: take_rates
-- Closes a lease and opens the next, for each of many subjects, in order, so that two batches cannot deadlock; account_id
-- comes with each. $10 is the time, or null for the database's own clock.
select r.granted, r.remaining, r.lease_slot, r.lives_s, r.reset_s
from (
    select * from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[],
                         $7::bigint[], $8::integer[], $9::double precision[]) with ordinality
        as t(account, subject, most, want, ahead, leased, lease_slot, used, idle_s, ord)
    order by account, subject, ord
) q
cross join lateral rate_take(
    q.account, q.subject, q.most, q.want, q.ahead, q.leased, q.lease_slot, q.used, q.idle_s,
    coalesce($10, clock_timestamp())) r
order by q.ord
