"""Takes the tokens of each provider, and those that libraries get of it, to the service; see ./run."""

import os
import tempfile

import api_clients
import canaille_server
import oidc_provider
from service import Postgres, Service, Sqlite


def main():
    with tempfile.TemporaryDirectory(prefix="providers-") as folder:
        seen = []
        for provider in [*oidc_provider.all_kinds(), canaille_server.Canaille(folder), api_clients.ApiClients()]:
            with provider:
                for database in Sqlite(folder), Postgres():
                    with Service(folder, database, provider.issuers()) as service:
                        seen += [(provider.name, database.name, *row) for row in provider.tokens(service)]
    print("| provider | database | token | expected | seen |\n|---|---|---|---|---|")
    for provider, database, token, expected, answer in seen:
        print(f"| {provider} | {database} | {token} | {expected} | {answer} |")
    wrong = [row for row in seen if row[3] != row[4]]
    raise SystemExit(f"providers: {len(wrong)} answers are not as expected" if wrong else 0)


if __name__ == "__main__":
    os.environ.pop("JWT_ISSUERS", None)
    main()
