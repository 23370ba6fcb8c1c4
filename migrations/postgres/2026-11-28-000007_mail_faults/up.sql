-- Why a letter waits, was given up or came back where nothing is wrong with the address, in the words of
-- src/domain/mail_fault.rs. The same as in ../../sqlite.
ALTER TABLE letters ADD COLUMN cause TEXT;
