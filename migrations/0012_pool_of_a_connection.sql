-- Limits of the connection's own sessions (JSON); without, those of the settings.
ALTER TABLE connections ADD COLUMN pool TEXT;
