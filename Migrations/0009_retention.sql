-- How long rows are kept, table by table. The program knows what "old" means in each; a rule it doesn't know does nothing.

CREATE TABLE retention_rules (
    name        text PRIMARY KEY,
    -- Null: for ever.
    keep_days   integer CHECK (keep_days BETWEEN 1 AND 36500),
    pruned_at   timestamptz,
    pruned_rows bigint NOT NULL DEFAULT 0
);
INSERT INTO retention_rules (name, keep_days)
VALUES ('sessions', 1), ('login_failures', 1), ('keitaro_reports', 90), ('keitaro_pushes', NULL);
CREATE INDEX keitaro_reports_age ON keitaro_reports (fetched_at);
CREATE INDEX keitaro_pushes_age ON keitaro_pushes (settled_at);
