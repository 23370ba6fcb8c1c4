-- Addresses are searched by both forms of their domain, and texts without characters that nobody sees
-- (domain/case_fold.rs). Of a domain that was typed in punycode the Unicode form follows when the row is
-- written next.
UPDATE users SET search_text = search_text || char(10) || email_key
    WHERE (email_key LIKE '%@xn--%' OR email_key LIKE '%.xn--%') AND instr(search_text, email_key) = 0;
UPDATE invitations SET search_text = search_text || char(10) || email_key
    WHERE (email_key LIKE '%@xn--%' OR email_key LIKE '%.xn--%') AND instr(search_text, email_key) = 0;
-- U+00AD, U+034F, U+061C, U+115F, U+1160, U+180E, U+200B to U+200F, U+2060, U+FE0F, U+FEFF.
UPDATE users SET search_text =
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_text, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '')
    WHERE search_text <> replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_text, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '');
UPDATE invitations SET search_text =
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_text, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '')
    WHERE search_text <> replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_text, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '');
UPDATE accounts SET search_text =
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_text, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '')
    WHERE search_text <> replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_text, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '');
UPDATE accounts SET name_key =
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(name_key, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '')
    WHERE name_key <> replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(name_key, char(173), ''), char(847), ''), char(1564), ''), char(4447), ''), char(4448), ''), char(6158), ''), char(8203), ''), char(8204), ''), char(8205), ''), char(8206), ''), char(8207), ''), char(8288), ''), char(65039), ''), char(65279), '');
