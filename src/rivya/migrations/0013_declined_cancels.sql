-- Whoever asks for a task to be cancelled is told when its provider cannot: it is then left to finish.

alter table tasks add column cancel_declined boolean not null default false;
