-- Ways to break the money by hand, each with the rules that must find it.
-- Parsed by test_wallet_invariants.py; each runs against one busy account, with the ledger's guard taken off.

-- drift: a wallet has more than it was given
-- found by: balances_equal_postings lots_sum_to_balance
update wallets set available = available + 1;

-- drift: a wallet has less set aside
-- found by: balances_equal_postings lots_sum_to_balance open_reservations_sum_to_reserved
update wallets set reserved = reserved - 1;

-- drift: credits moved from one pocket of a wallet to the other
-- found by: balances_equal_postings lots_sum_to_balance open_reservations_sum_to_reserved
update wallets set available = available + 1, reserved = reserved - 1;

-- drift: a wallet is gone
-- found by: balances_equal_postings
alter table lots drop constraint lots_account_id_fkey;
delete from wallets;

-- drift: a lot has more than it was given
-- found by: lots_equal_postings lots_sum_to_balance
update lots set available = available + 1 where business_id = 'late';

-- drift: a lot is gone
-- found by: lots_equal_postings lots_sum_to_balance
delete from lots where business_id = 'never';

-- drift: a lot says that it was larger
-- found by: lots_equal_postings
update lots set granted = granted + 1 where business_id = 'never';

-- drift: credits moved from lot to lot
-- found by: lots_equal_postings
update lots set available = available - 1 where business_id = 'never';
update lots set available = available + 1 where business_id = 'late';

-- drift: a posting names another lot
-- found by: lots_equal_postings
update ledger set lot_id = (select l.id from lots l where l.business_id = 'never')
where business_id = 'settled' and destination = 'revenue';

-- drift: the posting of a grant is gone
-- found by: balances_equal_postings lots_equal_postings
delete from ledger where business_id = 'never';

-- drift: the posting of a spending is gone
-- found by: balances_equal_postings lots_equal_postings reservations_equal_postings
delete from ledger where business_id = 'settled' and destination = 'revenue';

-- drift: a posting was rewritten
-- found by: balances_equal_postings lots_equal_postings
update ledger set credits = credits + 1 where event = 'expire';

-- drift: a posting has lost one of its sides
-- found by: postings_sum_to_zero
create or replace view postings as
    select account_id, id, at, event, business_id, lot_id, source as ledger_account, -credits as credits from ledger
    union all
    select account_id, id, at, event, business_id, lot_id, destination, credits from ledger
    where destination <> 'revenue';

-- drift: more was taken than there was
-- found by: never_negative
alter table lots drop constraint lots_available_check;
alter table wallets drop constraint wallets_available_check;
insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)
    select account_id, now(), 'expire', 'lot:' || id, id, 'available', 'expired', 1000 from lots;
update lots set available = available - 1000;
update wallets set available = available - 1000 * (select count(*) from lots);

-- drift: a wallet counts an open reservation too many
-- found by: open_reservations_sum_to_reserved
update wallets set open_reservations = open_reservations + 1;

-- drift: an open reservation is gone
-- found by: lots_equal_open_reservations open_reservations_sum_to_reserved reservations_equal_postings
delete from reservations where reason = 'open';

-- drift: a settled reservation is open again
-- found by: lots_equal_open_reservations open_reservations_sum_to_reserved reservations_equal_postings
update reservations set state = 'open', settled_credits = 0, ended_at = null where reason = 'settled';

-- drift: an open reservation is called released
-- found by: lots_equal_open_reservations open_reservations_sum_to_reserved reservations_equal_postings
update reservations set state = 'released', ended_at = now() where reason = 'open';

-- drift: a settled reservation is gone
-- found by: reservations_equal_postings
delete from reservations where reason = 'settled';

-- drift: a reservation says that less was spent
-- found by: reservations_equal_postings
update reservations set settled_credits = 1 where reason = 'settled';

-- drift: a settled reservation is called released
-- found by: reservations_equal_postings
update reservations set state = 'released', settled_credits = 0 where reason = 'settled';

-- drift: a reservation was never posted
-- found by: reservations_equal_postings
insert into reservations (account_id, reason, credits, lot_ids, lot_credits, state, created_at, ended_at)
    select account_id, 'ghost', 5, '{}', '{}', 'released', now(), now() from wallets;

-- drift: a task says that less was spent
-- found by: key_usage_equals_tasks tasks_match_reservations
update tasks set final_credits = 3 where id = 'task_done';

-- drift: a task says that more was set aside
-- found by: key_usage_equals_tasks tasks_match_reservations
update tasks set reserved_credits = 9 where id = 'task_queued';

-- drift: a task was never reserved for
-- found by: tasks_match_reservations
insert into tasks (account_id, id, source, model, params, reserved_credits, deadline_at, created_at, updated_at)
    select account_id, 'ghost', 'api', 'rivya-sketch', '{}', 0, now(), now(), now() from wallets;

-- drift: a studio task ended without its money
-- found by: tasks_match_reservations
update tasks set status = 'failed', error = '{}' where id = 'task_studio_queued';

-- drift: an api task ended without its money and event
-- found by: ended_tasks_have_one_event key_usage_equals_tasks tasks_match_reservations
update tasks set status = 'failed', error = '{}' where id = 'task_queued';

-- drift: a task failed that was paid for
-- found by: tasks_match_reservations
update tasks set status = 'failed', error = '{}', result = null, final_credits = 0 where id = 'task_studio_done';

-- drift: the event of an ended task is gone
-- found by: ended_tasks_have_one_event
delete from events where task_id = 'task_done';

-- drift: an event says the contrary of its task
-- found by: ended_tasks_have_one_event
update events set type = 'generation.failed' where task_id = 'task_done';

-- drift: a task has an event before its end
-- found by: ended_tasks_have_one_event
insert into events select account_id, 'evt_x', 'generation.failed', 'task_queued', now() from wallets;

-- drift: a studio task has an event
-- found by: ended_tasks_have_one_event
insert into events select account_id, 'evt_x', 'generation.succeeded', 'task_studio_done', now() from wallets;

-- drift: an event tells of a task that is not there
-- found by: ended_tasks_have_one_event
insert into events select account_id, 'evt_x', 'generation.failed', 'ghost', now() from wallets;

-- drift: an open reservation holds other lots than were posted
-- found by: lots_equal_open_reservations
update reservations set lot_ids = array[(select l.id from lots l where l.business_id = 'never')] where reason = 'open';

-- drift: a wallet does not know when its next lot lapses
-- found by: wallets_know_their_next_expiry
update wallets set next_expiry_at = null;

-- drift: a key used more than its tasks
-- found by: key_usage_equals_tasks
update key_usage set credits = credits + 1;

-- drift: a key has less in flight than its tasks
-- found by: key_usage_equals_tasks
update key_usage set in_flight = in_flight - 1;

-- drift: what a key used is counted in another month
-- found by: key_usage_equals_tasks
update key_usage set month = month + 31;

-- drift: what a key used is gone
-- found by: key_usage_equals_tasks
delete from key_usage;

-- drift: a task is not counted for its key
-- found by: key_usage_equals_tasks
update tasks set usage_id = null where id = 'task_queued';

-- drift: a task is counted for another key
-- found by: key_usage_equals_tasks
update tasks set usage_id = 'key_other' where id = 'task_done';

-- drift: a chat turn is not counted for its key
-- found by: key_usage_equals_tasks
update chat_turns set usage_id = null where id = 'turn_done';

-- drift: a chat turn says that it cost more than was settled
-- found by: chat_turns_match_reservations key_usage_equals_tasks
update chat_turns set final_credits = final_credits + 1 where id = 'turn_done';

-- drift: a chat turn goes on whose reservation has ended
-- found by: chat_turns_match_reservations key_usage_equals_tasks
update chat_turns set status = 'running', ended_at = null, final_credits = 0 where id = 'turn_done';

-- drift: a chat turn has ended whose reservation is open
-- found by: chat_turns_match_reservations key_usage_equals_tasks
update chat_turns set status = 'failed', ended_at = now() where id = 'turn_running';
