-- name: begin_upload
-- Takes an Idempotency-Key of an account_id for one upload.
select upload_begin($1, $2, $3, $4, $5)

-- name: renew_upload
-- Says that an upload of an account_id is still under way.
update uploads set lease_until = now() + $3 where account_id = $1 and id = $2

-- name: note_object
-- Writes down, before it is stored, which object an upload of an account_id is about to store.
insert into uploads (account_id, id, object_key, lease_until) values ($1, $2, $3, now() + $4)
on conflict (account_id, id) do update set object_key = excluded.object_key, lease_until = excluded.lease_until

-- name: give_up_upload
-- Frees the Idempotency-Key of an upload of an account_id that came to nothing; its object may still be there.
update uploads set idempotency_key = null where account_id = $1 and id = $2

-- name: forget_upload
-- Forgets an upload of an account_id that has no object.
delete from uploads where account_id = $1 and id = $2

-- name: store
-- Turns an upload of an account_id into a file.
select outcome, response
from upload_store($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)

-- name: first_answer
-- Finds what an Idempotency-Key of an account_id was answered first.
select k.fingerprint, k.response from idempotency_keys k
where k.account_id = $1 and k.route = $2 and k.key = $3

-- name: read
-- Reads many files that are there, each by its account_id and id; answers nothing for one that is another account's.
select f.*
from unnest($1::text[], $2::text[]) as asked(account_id, id)
join files f using (account_id, id)
where f.deleted_at is null and f.expires_at > $3

-- name: list
-- Reads the newest files of an account_id, or those that come after the id $2.
select f.* from files f
where f.account_id = $1 and ($2::text is null or f.id < $2) and f.deleted_at is null and f.expires_at > $3
order by f.id desc
limit $4

-- name: delete
-- Marks a file of an account_id as deleted; from then on nobody sees it.
update files set deleted_at = $3
where account_id = $1 and id = $2 and deleted_at is null and expires_at > $3
returning object_key

-- name: forget
-- Forgets files, each by its account_id and id, whose objects are gone.
delete from files f
using unnest($1::text[], $2::text[]) as gone(account_id, id)
where f.account_id = gone.account_id and f.id = gone.id

-- name: past
-- Finds files, of every account, whose time is over or that were deleted; $3 were tried before, and failed.
select f.account_id, f.id, f.object_key from files f
where (f.expires_at <= $1 or f.deleted_at is not null) and f.id <> all ($3::text[])
limit $2

-- name: abandoned_uploads
-- Finds uploads, of every account, that have been silent for an hour; $2 were tried before, and failed.
select u.account_id, u.id, u.object_key from uploads u
where u.lease_until < now() - interval '1 hour' and u.id <> all ($2::text[])
limit $1

-- name: forget_uploads
-- Forgets uploads, each by its account_id and id, whose objects are gone.
delete from uploads u
using unnest($1::text[], $2::text[]) as gone(account_id, id)
where u.account_id = gone.account_id and u.id = gone.id

-- name: note_fetched
-- Writes down, before it is stored, which object a reference of an account_id that was fetched is about to be.
insert into fetched_references (account_id, id, object_key, size_bytes, fetched_at, expires_at)
values ($1, $2, $3, $4, $5, $6)
on conflict do nothing

-- name: past_fetched
-- Finds fetched references, of every account, whose time is over; $3 were tried before, and failed.
select r.account_id, r.id, r.object_key from fetched_references r
where r.expires_at <= $1 and r.id <> all ($3::text[])
limit $2

-- name: forget_fetched
-- Forgets fetched references, each by its account_id and id, whose objects are gone.
delete from fetched_references r
using unnest($1::text[], $2::text[]) as gone(account_id, id)
where r.account_id = gone.account_id and r.id = gone.id
