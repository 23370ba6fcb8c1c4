// Verifies a webhook with a partner's library: from standard input library, secret, headers and body as JSON.
import { readFileSync } from 'node:fs';

const { library, secret, headers, body } = JSON.parse(readFileSync(0, 'utf8'));
const { Webhook, WebhookVerificationError } = await import(library);
try {
  // Svix gives no event back.
  new Webhook(secret).verify(body, headers);
  console.log(JSON.parse(body).type);
} catch (error) {
  if (!(error instanceof WebhookVerificationError)) throw error;
  console.log('refused');
}
