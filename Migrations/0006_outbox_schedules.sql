-- When each schedule was last put into the outbox. Whoever moves `last_slot` on is the one process whose item counts.

CREATE TABLE outbox_schedules (
    name      text PRIMARY KEY,
    last_slot timestamptz NOT NULL
);
