-- A quarter of an hour is counted from an address' first try, not by the clock: one row an address.

DELETE FROM login_failures;
ALTER TABLE login_failures DROP CONSTRAINT login_failures_pkey, ADD PRIMARY KEY (address);
