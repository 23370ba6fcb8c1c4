"""Verifies a webhook with a partner's library: from standard input library, secret, headers and body as JSON."""

import importlib
import json
import sys

MODULES = {"standardwebhooks": "standardwebhooks.webhooks", "svix": "svix.webhooks"}

given = json.load(sys.stdin)
module = importlib.import_module(MODULES[given["library"]])
try:
    # Svix gives no event back.
    module.Webhook(given["secret"]).verify(given["body"], given["headers"])
    print(json.loads(given["body"])["type"])
except module.WebhookVerificationError:
    print("refused")
