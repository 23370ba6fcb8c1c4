-- Which relay or provider a letter was handed to last, as the program describes it, and when a provider was last asked
-- what became of it. The same as in ../../sqlite. Of letters before this the relay is not known.
ALTER TABLE letters ADD COLUMN relay TEXT, ADD COLUMN checked_at TIMESTAMPTZ;
