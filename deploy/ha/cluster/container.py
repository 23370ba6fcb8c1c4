"""One member in a container: writes its settings from the same templates, and becomes its program.

Argument: `etcd` (which reads its settings from ETCD_…), `patroni`, `haproxy` or `pgbouncer`. NAME is the host name of
the container; the passwords are in the environment.
"""

import os
import sys
from pathlib import Path

from . import programs
from .layout import APIS, ETCDS, HERE, POSTGRES
from .members import settings

RUN = Path("/run/ha")


def password(who):
    return os.environ[f"{who.upper()}_PASSWORD"]


def patroni():
    name = os.environ["NAME"]
    people = ("superuser", "replication", "rewind", "rest")
    file = RUN / "patroni.yml"
    write(file, settings(
        "patroni.yml", name=name, listen="0.0.0.0", address=name, port=5432, rest_port=8008, network="samenet",
        etcd_hosts=", ".join(f'"etcd-{n}:2379"' for n in range(1, ETCDS + 1)), ttl=os.environ.get("HA_TTL", 25),
        data_dir="/data/postgres", bin_dir=programs.postgres_folder(), pgpass=RUN / "pgpass", post_init=HERE / "post-init",
        socket_dir="", shared_buffers="128MB", watchdog="off", **{f"{who}_password": password(who) for who in people},
    ))
    return ["patroni", str(file)]


def haproxy():
    def servers(kind, number, port, check=""):
        options = f"check{check} resolvers names init-addr none"
        return "\n".join(f"    server {kind}-{n} {kind}-{n}:{port} {options}" for n in range(1, number + 1))

    file = RUN / "haproxy.cfg"
    text = settings(
        "haproxy.cfg", socket=RUN / "haproxy.sock", listen="0.0.0.0", primary_port=5432, api_port=8080,
        unavailable=HERE / "templates" / "unavailable.http", api_servers=servers("api", APIS, 8080),
        postgres_servers=servers("postgres", POSTGRES, 5432, " port 8008"),
    )
    # A container that is made anew has another address.
    write(file, text + "\nresolvers names\n    parse-resolv-conf\n    hold valid 1s\n")
    return ["haproxy", "-db", "-f", str(file)]


def pgbouncer():
    users, file = RUN / "users.txt", RUN / "pgbouncer.ini"
    write(users, f'"invitation_service" "{password("service_db")}"\n')
    write(file, settings(
        "pgbouncer.ini", primary_host="proxy", primary_port=5432, listen="0.0.0.0", port=6432, users=users,
        pooling=programs.pooling(),
    ))
    return ["pgbouncer", str(file)]


def write(path, text):
    path.touch(mode=0o600)
    path.write_text(text)


def main():
    os.environ["PATH"] = programs.environment()["PATH"]
    commands = {"etcd": lambda: ["etcd"], "patroni": patroni, "haproxy": haproxy, "pgbouncer": pgbouncer}
    command = commands[sys.argv[1]]()
    os.execvp(command[0], command)


main()
