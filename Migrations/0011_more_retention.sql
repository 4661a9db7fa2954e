-- Rules for what had none, and the indexes that finding it needs.

INSERT INTO retention_rules (name, keep_days) VALUES ('user_invitations', 30), ('audit_log', 730), ('outbox', 7);
CREATE INDEX user_invitations_age ON user_invitations (expires_at);
-- What was given up is counted on every look at /metrics.
CREATE INDEX outbox_failed ON outbox (kind) WHERE state = 'failed';
