-- Writes to the outside: a row is made in the transaction that causes it, a worker performs it under a lease.

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL,
    payload      jsonb NOT NULL,
    -- At most one unsettled row has a given key.
    unique_key   text,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    attempts     integer NOT NULL DEFAULT 0,
    run_at       timestamptz NOT NULL DEFAULT now(),
    lease_until  timestamptz,
    -- Changes with each claim: whoever settles must still hold it.
    lease_token  bigint NOT NULL DEFAULT 0,
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    settled_at   timestamptz,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (settled_at IS NOT NULL))
);
CREATE UNIQUE INDEX outbox_unique_pending ON outbox (unique_key) WHERE state IN ('waiting', 'running');
CREATE INDEX outbox_due ON outbox (kind, run_at, id) WHERE state = 'waiting';
CREATE INDEX outbox_leased ON outbox (lease_until) WHERE state = 'running';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE state IN ('done', 'failed');
