-- A company may have said that it has no VAT number, and be in a country without postal codes. The same as in
-- ../../sqlite.
ALTER TABLE accounts DROP CONSTRAINT accounts_company_whole,
    ADD CONSTRAINT accounts_company_whole CHECK (
        (company_name IS NULL AND registration_number IS NULL AND vat_number IS NULL AND street IS NULL
            AND house_number IS NULL AND postal_code IS NULL AND city IS NULL AND country IS NULL)
        OR (company_name IS NOT NULL AND street IS NOT NULL AND city IS NOT NULL AND country IS NOT NULL));
