"""Takes the tokens of each provider, and those that libraries get of it, to the service, and what mail providers' libraries
sign; has partners' libraries verify webhooks; see ./run."""

import os
import sys
import tempfile

import api_clients
import canaille_server
import mail_providers
import oidc_provider
import webhooks
from service import Postgres, Service, Sqlite


def main():
    with tempfile.TemporaryDirectory(prefix="providers-") as folder:
        seen = []
        mail = [mail_providers.Ses(folder), mail_providers.Azure()]
        tokens = [*oidc_provider.all_kinds(), canaille_server.Canaille(folder), api_clients.ApiClients()]
        partners = [webhooks.Webhooks()]
        # `run mail` and `run webhooks` leave the others out.
        chosen = {"mail": mail, "webhooks": partners}.get("".join(sys.argv[1:2]), tokens + mail + partners)
        for provider in chosen:
            with provider:
                settings = None if provider in tokens else provider.settings()
                for database in Sqlite(folder), Postgres():
                    with Service(folder, database, provider.issuers(), settings) as service:
                        seen += [(provider.name, database.name, *row) for row in provider.tokens(service)]
    print("| provider | database | token | expected | seen |\n|---|---|---|---|---|")
    for provider, database, token, expected, answer in seen:
        print(f"| {provider} | {database} | {token} | {expected} | {answer} |")
    wrong = [row for row in seen if row[3] != row[4]]
    raise SystemExit(f"providers: {len(wrong)} answers are not as expected" if wrong else 0)


if __name__ == "__main__":
    os.environ.pop("JWT_ISSUERS", None)
    main()
