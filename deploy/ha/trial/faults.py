"""What is done to the cluster. Each is given the stack, and a function that marks a moment in the plot."""

import os
import signal
import subprocess
import time

from cluster import programs
from cluster.layout import ADDRESS, Failure
from cluster.process import family, started_at
from cluster.stack import postmaster, signal_if_there

# After a process of the service was killed, its supervisor starts it again.
SUPERVISOR = 2
# How long a standby hangs or lags.
LAG = 20


def switchover(stack, mark):
    leader, candidate = stack.patroni.leader, stack.patroni.synchronous
    mark("switchover")
    stack.patroni.switchover(leader, candidate)
    mark("done")


def kill_primary(stack, mark):
    """The server alone: its Patroni notices."""
    pid = postmaster(stack.patroni.leader)
    mark("kill -9 of PostgreSQL")
    os.kill(pid, signal.SIGKILL)


def lose_node(stack, mark):
    """Patroni, the server and all of its processes at once; they come back once another member is the primary."""
    leader = stack.patroni.leader
    patroni = stack.processes[f"patroni-{leader}"]
    mark("kill -9 of all of the node")
    kill_all(family(patroni.pid) + family(postmaster(leader)))
    wait_for_another(stack, leader)
    patroni.start()
    mark("the node is back")


def kill_patroni(stack, mark):
    """The server goes on, and nothing looks after it."""
    leader = stack.patroni.leader
    patroni = stack.processes[f"patroni-{leader}"]
    mark("kill -9 of Patroni")
    patroni.kill()
    wait_for_another(stack, leader)
    patroni.start()
    mark("Patroni is back")


def kill_ours(kind):
    def kill(stack, mark):
        for number in 1, 2:
            process = stack.processes[f"{kind}-{number}"]
            mark(f"kill -9 of {process.name}")
            process.kill()
            time.sleep(SUPERVISOR)
            process.start()
            time.sleep(5)
    return kill


def hang_standby(stack, mark):
    """The synchronous standby hangs, as a machine whose disk does not answer."""
    number = stack.patroni.synchronous
    pids = family(stack.processes[f"patroni-{number}"].pid) + family(postmaster(number))
    mark("the standby hangs")
    for pid in pids:
        signal_if_there(pid, signal.SIGSTOP)
    time.sleep(LAG)
    for pid in pids:
        signal_if_there(pid, signal.SIGCONT)
    mark("and goes on")


def lag_and_switch(stack, mark):
    """The synchronous standby writes down what it gets and applies nothing; then it has to take over."""
    leader, number = stack.patroni.leader, stack.patroni.synchronous
    mark("the standby lags")
    sql(stack, number, "SELECT pg_wal_replay_pause()")
    time.sleep(LAG)
    mark("switchover")
    stack.patroni.switchover(leader, number)
    mark("done")


def restart_poolers(stack, mark):
    for number in 1, 2:
        process = stack.processes[f"pgbouncer-{number}"]
        mark(f"{process.name} restarts")
        process.stop()
        process.start()
        time.sleep(5)


def restart_ours(stack, mark):
    mark("rolling restart")
    stack.restart()
    mark("done")


def wait_for_another(stack, leader, seconds=90):
    until = time.monotonic() + seconds
    while stack.patroni.leader in (None, leader):
        if time.monotonic() > until:
            raise Failure(f"no member has taken over from postgres-{leader}")
        time.sleep(0.1)


def kill_all(pids):
    started = {pid: started_at(pid) for pid in pids}
    for pid in started:
        signal_if_there(pid, signal.SIGKILL)
    while any(started[pid] and started_at(pid) == started[pid] for pid in started):
        time.sleep(0.02)


def sql(stack, number, statement):
    """As the superuser, at one member."""
    port, password = stack.layout.ports[f"postgres-{number}"], stack.layout.passwords["superuser"]
    command = [programs.postgres_folder() / "psql", "-qXAt", "-h", ADDRESS, "-p", str(port), "-U", "postgres", "-c", statement]
    environment = programs.environment() | {"PGPASSWORD": password}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
