-- name: recent
-- Reads the newest tasks that an account_id made in the Studio with one of the models $2, or those that come after the
-- id $3.
select t.id, t.model, t.prompt, t.params, t.inputs, t.status, t.client_request_id, t.reserved_credits, t.final_credits,
       t.progress, t.result, t.error, t.cancel_requested_at, t.cancel_declined, t.created_at, t.updated_at
from tasks t
where t.account_id = $1 and t.source = 'studio' and t.model = any($2::text[]) and ($3::text is null or t.id < $3)
order by t.id desc limit $4

-- name: task
-- Reads a task of an account_id with what it was asked.
select t.id, t.model, t.prompt, t.params, t.inputs, t.status, t.client_request_id, t.reserved_credits, t.final_credits,
       t.progress, t.result, t.error, t.cancel_requested_at, t.cancel_declined, t.created_at, t.updated_at
from tasks t
where t.account_id = $1 and t.id = $2

-- name: sessions
-- Reads the Studio's newest chat sessions of an account_id in which something was said, or those after the id $2.
select s.* from chat_sessions s
where s.account_id = $1 and s.source = 'studio' and s.message_count > 0 and ($2::text is null or s.id < $2)
order by s.id desc limit $3

-- name: messages
-- Reads the newest messages of a Studio session of an account_id, newest first, each answer with what its turn cost.
select m.*, t.final_credits, t.status as turn_status
from chat_messages m
join chat_sessions s on s.account_id = m.account_id and s.id = m.session_id and s.source = 'studio'
left join chat_turns t on t.account_id = m.account_id and t.id = m.turn_id
where m.account_id = $1 and m.session_id = $2
order by m.position desc limit $3

-- name: turn
-- Reads how a turn of an account_id in the Studio stands, with its answer once there is one.
select t.status as turn_status, t.error as turn_error, t.final_credits, m.*
from chat_turns t
left join chat_messages m
    on m.account_id = t.account_id and m.session_id = t.session_id and m.turn_id = t.id and m.role = 'assistant'
where t.account_id = $1 and t.id = $2 and t.source = 'studio'
