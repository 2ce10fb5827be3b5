-- An attempt belongs to the vault it was meant for: with another vault in use it is not listed.
ALTER TABLE attempts ADD COLUMN vault_id TEXT;
UPDATE attempts SET vault_id = (SELECT id FROM vaults WHERE current = 1);
