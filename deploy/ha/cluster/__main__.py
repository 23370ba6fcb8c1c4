"""The commands; deploy/ha/run lists them."""

import subprocess
import sys

from . import programs, stack
from .layout import FOLDER, Failure, Layout


def up():
    print(f"setting up a cluster in {FOLDER}", flush=True)
    started = stack.up()
    ports = started.layout.ports
    print(f"The API is at http://127.0.0.1:{ports['api']}, letters are written down in {FOLDER / 'letters.log'}.")
    status()


def status():
    running = stack.Stack.read()
    for name, member in sorted(running.patroni.members().items()):
        print(f"{name:14}{member['role']:14}{member['state']:12}timeline {member.get('timeline', '-')}  lag {member.get('lag', '-')}")
    print("  ".join(f"{name} {process.pid or 'ENDED'}" for name, process in running.processes.items()))


def test(*names):
    from trial import scenarios

    return scenarios.main(stack.Stack.read(), names)


def patronictl(*arguments):
    command = [*programs.command("patronictl"), "-c", str(FOLDER / "patroni-1.yml"), *arguments]
    Layout.read()
    return subprocess.run(command, env=programs.environment(), check=False).returncode


COMMANDS = {
    "up": up, "status": status, "test": test, "patronictl": patronictl, "down": stack.down,
    "restart": lambda: stack.Stack.read().restart(),
}


def main():
    name, arguments = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if name not in COMMANDS:
        print(f"usage: deploy/ha/run {'|'.join(COMMANDS)}", file=sys.stderr)
        return 64
    try:
        return COMMANDS[name](*arguments) or 0
    except Failure as failure:
        print(f"ha: {failure}", file=sys.stderr)
        return 1


sys.exit(main())
