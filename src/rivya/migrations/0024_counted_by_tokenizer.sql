-- Where an upstream did not count, the model's own tokenizer may have. Rows that are there were held to a narrower rule.
alter table chat_turns drop constraint chat_turns_counted_by_check;
alter table chat_turns add constraint chat_turns_counted_by_check
    check (counted_by in ('upstream', 'tokenizer', 'estimate')) not valid;
