-- An item that ends each process that performs it would end them for ever: losses since its last outcome are counted.

ALTER TABLE outbox ADD COLUMN losses integer NOT NULL DEFAULT 0;
CREATE INDEX outbox_suspected ON outbox (run_at, id) WHERE state = 'waiting' AND losses > 0;
