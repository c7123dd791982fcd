-- name: create_account
-- Adds an account; answers nothing when the e-mail address has one.
insert into accounts (id, email, password_hash, is_operator, created_at)
values ($1, $2, $3, $4, $5)
on conflict (lower(email)) do nothing
returning id

-- name: account_by_email
-- Finds an account by its e-mail address, whatever the case.
select id, email, is_operator, created_at, disabled_at from accounts where lower(email) = lower($1)
