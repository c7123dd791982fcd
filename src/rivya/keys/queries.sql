-- name: insert_key
-- Adds a key to an account.
insert into api_keys (account_id, id, name, prefix, secret_hash, scopes, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: keys_by_hash
-- Finds keys of every account by the hashes of their secrets: this is how a caller's account is told.
select k.secret_hash, k.id, k.account_id, k.scopes, k.expires_at, k.revoked_at, a.disabled_at
from api_keys k join accounts a on a.id = k.account_id
where k.secret_hash = any($1::bytea[])

-- name: revoke_key
-- Revokes a key by its id, for an operator, in every account; answers nothing when there is no such key.
update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning account_id, revoked_at
