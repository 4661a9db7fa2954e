-- When the set was last sent. Until the push is settled, nobody knows whether Keitaro took it.
ALTER TABLE keitaro_pushes ADD COLUMN sent_at timestamptz;
