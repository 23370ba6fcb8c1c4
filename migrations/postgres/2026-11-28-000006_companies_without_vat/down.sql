UPDATE accounts SET vat_number = COALESCE(vat_number, ''), postal_code = COALESCE(postal_code, '') WHERE company_name IS NOT NULL;
ALTER TABLE accounts DROP CONSTRAINT accounts_company_whole,
    ADD CONSTRAINT accounts_company_whole CHECK (
        (company_name IS NULL AND registration_number IS NULL AND vat_number IS NULL AND street IS NULL
            AND house_number IS NULL AND postal_code IS NULL AND city IS NULL AND country IS NULL)
        OR (company_name IS NOT NULL AND vat_number IS NOT NULL AND street IS NOT NULL AND postal_code IS NOT NULL
            AND city IS NOT NULL AND country IS NOT NULL));
