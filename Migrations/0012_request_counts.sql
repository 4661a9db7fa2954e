-- Requests admitted in the present minute, by all processes together. Unlogged: after a crash a minute's counts are no loss.

CREATE UNLOGGED TABLE request_counts (
    -- "address 203.0.113.7", or half of a token's hash.
    subject      text NOT NULL,
    -- Seconds since 1970; a minute each.
    window_start bigint NOT NULL,
    admitted     bigint NOT NULL,
    PRIMARY KEY (subject, window_start)
) WITH (fillfactor = 50);
CREATE INDEX request_counts_windows ON request_counts (window_start);
