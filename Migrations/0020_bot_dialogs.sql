-- Dialogs that nobody went on with: after a day they count no more.
INSERT INTO retention_rules (name, keep_days) VALUES ('telegram_dialogs', 2);
