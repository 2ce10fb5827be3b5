-- Who looked at the plan (JSON of the principal): nobody else may confirm it. Plans of before have none and are made again.
ALTER TABLE plans ADD COLUMN made_by TEXT;
