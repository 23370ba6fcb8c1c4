DROP TABLE webhook_progress;
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_events;
DROP TABLE webhook_secrets;
DROP TABLE webhook_endpoints;
-- What follows is nothing that older programs can read.
DELETE FROM letters WHERE kind = 'webhook_disabled';
-- A client without another scope could do nothing any more.
DELETE FROM api_client_secrets
    WHERE client_id IN (SELECT id FROM api_clients WHERE scopes = 'webhooks:manage');
DELETE FROM api_clients WHERE scopes = 'webhooks:manage';
UPDATE api_clients SET scopes = trim(replace(' ' || scopes || ' ', ' webhooks:manage ', ' '))
    WHERE ' ' || scopes || ' ' LIKE '% webhooks:manage %';
