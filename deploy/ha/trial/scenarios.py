"""Breaks one thing after the other under load, and says what it cost."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from cluster.layout import APIS, FOLDER, Failure

from . import checks, faults, report
from .ledger import Ledger
from .load import Load

# Before a fault, and after the cluster is whole again, in seconds.
BEFORE, AFTER = 8, 5
# How long the cluster may take to be whole again.
WHOLE_TIMEOUT = 180


@dataclass(frozen=True)
class Scenario:
    """`limit` is the longest gap that is allowed, in seconds; `path` how the service reaches the database."""

    title: str
    fault: object
    limit: float
    path: str = "pooler"
    may_repeat_letters: bool = False
    # Answered 503, to be asked again.
    may_refuse: bool = True


SCENARIOS = {
    "switchover": Scenario("switchover", faults.switchover, 5),
    "primary": Scenario("`kill -9` of the primary's PostgreSQL", faults.kill_primary, 30),
    "node": Scenario("`kill -9` of the primary's PostgreSQL and Patroni", faults.lose_node, 30),
    "patroni": Scenario("`kill -9` of the primary's Patroni alone", faults.kill_patroni, 30),
    "api": Scenario("`kill -9` of each process of the API", faults.kill_ours("api"), 5),
    "courier": Scenario("`kill -9` of each courier", faults.kill_ours("courier"), 5, may_repeat_letters=True),
    "hang": Scenario("the synchronous standby hangs for 20 s", faults.hang_standby, 30),
    "lag": Scenario("a standby that has applied nothing for 20 s takes over", faults.lag_and_switch, 5),
    "pooler": Scenario("each PgBouncer restarts", faults.restart_poolers, 5),
    "restart": Scenario("rolling restart of the service", faults.restart_ours, 2, may_refuse=False),
    "hosts-switchover": Scenario("switchover, libpq's list of hosts", faults.switchover, 2, "hosts"),
    "hosts-node": Scenario("`kill -9` of PostgreSQL and Patroni, libpq's list of hosts", faults.lose_node, 30, "hosts"),
    "hosts-restart": Scenario("rolling restart, libpq's list of hosts", faults.restart_ours, 2, "hosts", may_refuse=False),
}


@dataclass
class Outcome:
    """What a scenario came to."""

    scenario: Scenario
    ledger: Ledger
    lost: list
    letters: object

    @property
    def without_letter(self):
        return [email for email in self.ledger.ids if not self.letters[email]]

    @property
    def twice(self):
        return [email for email in self.ledger.ids if self.letters[email] > 1]

    @property
    def faults(self):
        """What is not as it has to be."""
        ledger, found = self.ledger, list(self.ledger.wrong)
        if self.lost:
            found.append(f"{len(self.lost)} acknowledged invitations are lost, as {self.lost[0]}")
        if self.without_letter:
            found.append(f"{len(self.without_letter)} people have no letter, as {self.without_letter[0]}")
        if self.twice and not self.scenario.may_repeat_letters:
            found.append(f"{len(self.twice)} letters were sent twice, as to {self.twice[0]}")
        allowed = (*checks.ALLOWED, checks.KNOWN) if self.scenario.may_refuse else ("2xx",)
        found += [f"{number} answers: {kind}" for kind, number in ledger.answers.items() if kind not in allowed]
        if ledger.gap > self.scenario.limit:
            found.append(f"no acknowledgement for {ledger.gap:.1f} s, {self.scenario.limit:g} s are allowed")
        return found


def run(stack, name, scenario, token):
    use(stack, scenario.path)
    stack.patroni.wait_until_whole(WHOLE_TIMEOUT)
    ledger = Ledger()
    # Its own addresses in each run.
    load = Load(f"{name}-{int(time.time())}", stack.layout.ports["api"], token, ledger)
    try:
        time.sleep(BEFORE)
        ledger.mark("")
        scenario.fault(stack, ledger.mark)
        answers_again(ledger)
        stack.patroni.wait_until_whole(WHOLE_TIMEOUT)
        time.sleep(AFTER)
    finally:
        load.finish()
    letters = checks.wait_for_letters(ledger)
    return Outcome(scenario, ledger, checks.lost(ledger, stack.layout.ports["api"], token), letters)


def use(stack, path):
    """Has the service reach the database by this path."""
    file = FOLDER / "run" / "path"
    if (file.read_text() if file.exists() else "pooler") != path:
        stack.use(path)
        for process in stack.service():
            process.stop()
            process.start()
        for number in range(1, APIS + 1):
            stack.wait_until_ready(number)
        file.write_text(path)
    else:
        stack.use(path)


def answers_again(ledger, seconds=120):
    since = time.monotonic()
    while ledger.acknowledgements_since(since) < 100:
        if time.monotonic() > since + seconds:
            raise Failure("the service does not come back")
        time.sleep(0.2)


def main(stack, names):
    if unknown := [name for name in names if name not in SCENARIOS]:
        raise Failure(f"there is no scenario {unknown[0]}; there are {', '.join(SCENARIOS)}")
    token = stack.run("token", "--role", "admin", "--subject", "ha-test", "--ttl", "6h").strip()
    folder = Path(os.environ.get("HA_WRITE") or FOLDER / "trial")
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = {}
    print(report.HEAD, flush=True)
    try:
        for name in names or SCENARIOS:
            outcomes[name] = run(stack, name, SCENARIOS[name], token)
            print(report.row(outcomes[name]), flush=True)
    finally:
        use(stack, "pooler")
        report.write(folder, outcomes)
    return any(outcome.faults for outcome in outcomes.values())
