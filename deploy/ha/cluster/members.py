"""The processes of a cluster, and their settings, from the templates."""

from string import Template

from . import programs
from .layout import ADDRESS, APIS, COURIERS, ETCDS, FOLDER, HERE, POOLERS, POSTGRES, REPOSITORY
from .process import Process


def settings(template, **values):
    return Template((HERE / "templates" / template).read_text()).substitute(values)


def etcd(layout, number):
    def url(kind, n):
        return f"http://{ADDRESS}:{layout.ports[f'{kind}-{n}']}"

    members = ",".join(f"etcd-{n}={url('etcd-peer', n)}" for n in range(1, ETCDS + 1))
    return Process(layout, f"etcd-{number}", [
        *programs.command("etcd"), "--name", f"etcd-{number}", "--data-dir", layout.folder("data", f"etcd-{number}"),
        "--listen-client-urls", url("etcd", number), "--advertise-client-urls", url("etcd", number),
        "--listen-peer-urls", url("etcd-peer", number), "--initial-advertise-peer-urls", url("etcd-peer", number),
        "--initial-cluster", members, "--initial-cluster-token", "invitations",
        # A machine that is busy elsewhere for a second is not a lost one.
        "--heartbeat-interval", "250", "--election-timeout", "2500",
        "--auto-compaction-mode", "periodic", "--auto-compaction-retention", "1h", "--log-level", "warn",
    ])


def patroni(layout, number):
    name, passwords, ports = f"postgres-{number}", layout.passwords, layout.ports
    text = settings(
        "patroni.yml", name=name, listen=ADDRESS, address=ADDRESS, port=ports[name], rest_port=ports[f"rest-{number}"],
        etcd_hosts=", ".join(f'"{ADDRESS}:{ports[f"etcd-{n}"]}"' for n in range(1, ETCDS + 1)), network="127.0.0.1/32",
        ttl=layout.settings["ttl"], data_dir=FOLDER / "data" / name, bin_dir=programs.postgres_folder(),
        pgpass=layout.folder("home", f"patroni-{number}") / "pgpass", post_init=HERE / "post-init", socket_dir="",
        shared_buffers="64MB", watchdog="off", **{f"{who}_password": word for who, word in passwords.items()},
    )
    layout.folder("data")
    file = layout.file(f"patroni-{number}.yml", text)
    return Process(layout, f"patroni-{number}", [*programs.command("patroni"), file], {
        "SERVICE_DB_PASSWORD": passwords["service"], "ROLE_SCRIPT": str(REPOSITORY / "docker/postgres-role.sh"),
    })


def haproxy(layout):
    def server(kind, number, check=""):
        return f"    server {kind}-{number} {ADDRESS}:{layout.ports[f'{kind}-{number}']} check{check}"

    postgres = (server("postgres", n, f" port {layout.ports[f'rest-{n}']}") for n in range(1, POSTGRES + 1))
    text = settings(
        "haproxy.cfg", socket=FOLDER / "run" / "haproxy.sock", listen=ADDRESS, primary_port=layout.ports["primary"],
        api_port=layout.ports["api"], unavailable=HERE / "templates" / "unavailable.http",
        postgres_servers="\n".join(postgres), api_servers="\n".join(server("api", n) for n in range(1, APIS + 1)),
    )
    return Process(layout, "haproxy", [*programs.command("haproxy"), "-db", "-f", layout.file("haproxy.cfg", text)])


def pgbouncer(layout, number):
    users = layout.file("pgbouncer-users.txt", f'"invitation_service" "{layout.passwords["service"]}"\n')
    text = settings(
        "pgbouncer.ini", primary_host=ADDRESS, primary_port=layout.ports["primary"], listen=ADDRESS,
        port=layout.ports[f"pgbouncer-{number}"], users=users, pooling=programs.pooling(),
    )
    file = layout.file(f"pgbouncer-{number}.ini", text)
    return Process(layout, f"pgbouncer-{number}", [*programs.command("pgbouncer"), file])


def relay(layout):
    """The mail relay of the trial: it accepts every letter, and writes down for whom."""
    return Process(layout, "relay", [
        programs.PYTHON, "-B", HERE / "trial" / "relay.py", layout.ports["relay"], FOLDER / "letters.log",
    ])


def service(layout, name, number, path):
    """A process of the service: `api`, `courier`, or one that only runs once."""
    port = layout.ports.get(f"{name}-{number}", layout.ports["api-3"])
    arguments = {"api": ["serve", "--no-courier"], "courier": ["courier"]}.get(name, [name])
    return Process(layout, f"{name}-{number}", [FOLDER / "invitation-service", *arguments], {
        "DATABASE_URL": layout.database_url(number, path), "LISTEN_ADDR": f"{ADDRESS}:{port}",
        "PUBLIC_URL": f"http://{ADDRESS}:{layout.ports['api']}", "TRUSTED_PROXIES": ADDRESS,
        "SECRET_KEY_FILE": str(layout.file("secret.key", layout.passwords["key"])),
        "MAIL_URL": f"smtp://{ADDRESS}:{layout.ports['relay']}?tls=none",
        "MAIL_FROM": "Voltmark <no-reply@voltmark.example>", "LOG_FORMAT": "json",
    })


def all_of(layout, path):
    """All of them by name, in the order in which they start."""
    found = [etcd(layout, n) for n in range(1, ETCDS + 1)]
    found += [patroni(layout, n) for n in range(1, POSTGRES + 1)]
    found += [haproxy(layout), *(pgbouncer(layout, n) for n in range(1, POOLERS + 1)), relay(layout)]
    found += [service(layout, "api", n, path) for n in range(1, APIS + 1)]
    found += [service(layout, "courier", n, path) for n in range(1, COURIERS + 1)]
    return {process.name: process for process in found}
