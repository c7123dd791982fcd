-- name: generations
-- Reads the newest tasks of an account_id, or those that come after the id $2, of those that pass the filters. Only the
-- newest $8 are looked at, so that a page costs a bounded amount however rare what it asks for: `oldest` is where to go
-- on, `looked_at` tells whether there is anything to go on to. One of the two halves runs; that of the Studio has an
-- index of its own.
with newest as (
    (select t.id, t.source, t.model, t.prompt, t.status, t.reserved_credits, t.final_credits, t.progress, t.result,
            t.error, t.client_request_id, t.cancel_requested_at, t.cancel_declined, t.created_at, t.updated_at
     from tasks t
     where $3::text = 'studio' and t.source = 'studio' and t.account_id = $1 and ($2::text is null or t.id < $2)
     order by t.id desc limit $8)
    union all
    (select t.id, t.source, t.model, t.prompt, t.status, t.reserved_credits, t.final_credits, t.progress, t.result,
            t.error, t.client_request_id, t.cancel_requested_at, t.cancel_declined, t.created_at, t.updated_at
     from tasks t
     where $3::text is distinct from 'studio' and t.account_id = $1 and ($2::text is null or t.id < $2)
     order by t.id desc limit $8)
), wanted as (
    select n.* from newest n
    where ($3::text is null or n.source = $3) and ($4::text is null or n.status = $4)
      and ($5::text is null or n.model = $5)
      and ($6::text is null or position(lower($6) in lower(n.prompt)) > 0 or n.id = $6)
    order by n.id desc limit $7
)
select looked.*, w.*
from (select count(*) as looked_at, min(id) as oldest from newest) looked left join wanted w on true
order by w.id desc

-- name: generation
-- Reads a task of an account_id with the name of the key that it was made with.
select t.id, t.source, t.model, t.prompt, t.status, t.reserved_credits, t.final_credits, t.progress, t.result, t.error,
       t.created_at, t.updated_at, t.params, t.inputs, t.client_request_id, t.cancel_requested_at, t.cancel_declined,
       k.name as key_name, k.prefix as key_prefix
from tasks t left join api_keys k on k.account_id = t.account_id and k.id = t.key_id
where t.account_id = $1 and t.id = $2

-- name: attempts
-- Reads the attempts that were made for a task of an account_id.
select number, started_at, ended_at, outcome from attempts where account_id = $1 and task_id = $2 order by number

-- name: chats
-- Reads the newest sessions of an account_id, or those that come after the id $2; of the source $3 only, if given, and
-- with the text $4 in their title, if given. Only the newest $6 are looked at, as with tasks.
with newest as (
    select s.id, s.source, s.model, s.title, s.message_count, s.created_at, s.updated_at
    from chat_sessions s where s.account_id = $1 and ($2::text is null or s.id < $2)
    order by s.id desc limit $6
), wanted as (
    select n.* from newest n
    where ($3::text is null or n.source = $3)
      and ($4::text is null or position(lower($4) in lower(n.title)) > 0 or n.id = $4)
    order by n.id desc limit $5
)
select looked.*, w.*
from (select count(*) as looked_at, min(id) as oldest from newest) looked left join wanted w on true
order by w.id desc

-- name: chat_source
-- Reads where a session of an account_id was begun.
select source from chat_sessions where account_id = $1 and id = $2

-- name: spent_by_day
-- Sums what an account_id spent since $2, by day.
select (at at time zone 'UTC')::date as day, sum(credits)::bigint as credits
from ledger where account_id = $1 and destination = 'revenue' and at >= $2
group by 1 order by 1
