"""Runs the tour with each client on both databases; see ./run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
# One process of the service on a new database.
sys.path.insert(0, str(HERE.parent / "providers"))

from service import Postgres, Service, Sqlite, eventually, free_port, request  # noqa: E402

CLIENTS = Path(os.environ["CLIENTS"])
PYTHON = CLIENTS / "python" / "bin"


def call(*command, at, **more):
    """Runs a command in a folder, and fails as it does."""
    done = subprocess.run([str(part) for part in command], cwd=at, env={**os.environ, **more}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout.strip().rpartition("\n")[2]


class Tool:
    """A client: what is made of the contract once, and what is run on each database."""

    def prepare(self, contract):
        pass


class TypeScript(Tool):
    """Both clients are compiled by one configuration, each in its own folder."""

    folder = CLIENTS / "typescript"
    bin = folder / "node_modules" / ".bin"

    def __init__(self, name):
        self.name, self.work = name, self.folder / name

    def prepare(self, contract):
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for file in "tsconfig.json", "retry.ts", f"{self.name}.ts":
            shutil.copy(HERE / "typescript" / file, self.work)
        self.generate(contract)
        call(self.bin / "tsc", "-p", ".", at=self.work)

    def run(self, service, token, contract):
        return call("node", f"built/{self.name}.js", at=self.work, SERVICE_URL=service.url, TOKEN=token)


class OpenapiFetch(TypeScript):
    def __init__(self):
        super().__init__("openapi-fetch")

    def generate(self, contract):
        call(self.bin / "openapi-typescript", contract, "-o", "contract.ts", at=self.work)


class HeyApi(TypeScript):
    def __init__(self):
        super().__init__("hey-api")

    def generate(self, contract):
        shutil.copy(contract, self.work / "contract.json")
        shutil.copy(HERE / "typescript" / "openapi-ts.config.ts", self.work)
        call(self.bin / "openapi-ts", at=self.work)


class Orval(TypeScript):
    def __init__(self):
        super().__init__("orval")

    def generate(self, contract):
        shutil.copy(contract, self.work / "contract.json")
        shutil.copy(HERE / "typescript" / "orval.config.mjs", self.work)
        call(self.bin / "orval", "--config", "orval.config.mjs", at=self.work)


class Axios(TypeScript):
    """Made by openapi-generator, which is a program in Java."""

    def __init__(self):
        super().__init__("typescript-axios")

    def generate(self, contract):
        call(CLIENTS / "openapi-generator" / "bin" / "openapi-generator-cli", "generate", "-g", "typescript-axios",
             "-i", contract, "-o", "axios", "--additional-properties",
             "useSingleRequestParameter=true,importFileExtension=.js", at=self.work)


class PythonClient(Tool):
    name = "openapi-python-client"
    work = CLIENTS / "python" / "client"

    def prepare(self, contract):
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        # findings/openapi-python-client-two-media-types.sh: without the form of programs, which have libraries for it.
        document = json.loads(contract.read_text())
        document["paths"]["/v1/auth/token"]["post"]["requestBody"]["content"].pop("application/x-www-form-urlencoded")
        (self.work / "contract.json").write_text(json.dumps(document))
        generate = PYTHON / "openapi-python-client"
        call(generate, "generate", "--path", "contract.json", "--meta", "none", "--output-path",
             "invitation_service_client", at=self.work)
        for file in "retry.py", "tour.py":
            shutil.copy(HERE / "python" / file, self.work)
        call(PYTHON / "mypy", "--strict", "tour.py", "invitation_service_client", at=self.work)

    def run(self, service, token, contract):
        return call(PYTHON / "python", "-B", "tour.py", at=self.work, SERVICE_URL=service.url, TOKEN=token)


class Newman(Tool):
    name, folder = "newman", CLIENTS / "postman"

    def prepare(self, contract):
        # Node finds packages by the folder of the file that imports them.
        shutil.copy(HERE / "postman" / "run.mjs", self.folder)

    def run(self, service, token, contract):
        return call("node", "run.mjs", contract, at=self.folder, SERVICE_URL=service.url, TOKEN=token)


class Prism(Tool):
    """The tour of openapi-fetch, through a proxy that refuses what the contract does not have."""

    name = "prism"

    def prepare(self, contract):
        self.tour = OpenapiFetch()
        if not self.tour.work.exists():
            self.tour.prepare(contract)

    def run(self, service, token, contract):
        port, program = free_port(), CLIENTS / "prism" / "node_modules" / ".bin" / "prism"
        command = [program, "proxy", contract, service.url, "--errors", "-h", "127.0.0.1", "-p", str(port)]
        proxy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            eventually("Prism did not start", lambda: request("GET", f"{url}/healthz")[0] == 200)
            call("node", "built/openapi-fetch.js", at=self.tour.work, SERVICE_URL=url, TOKEN=token)
        finally:
            proxy.terminate()
            proxy.wait()
        return "the tour is done through the proxy"


class Schemathesis(Tool):
    name = "schemathesis"

    def run(self, service, token, contract):
        program = CLIENTS / "schemathesis" / "bin" / "schemathesis"
        call(program, "--config-file", HERE / "schemathesis.toml", "run", contract, "--url", service.url,
             "-H", f"Authorization: Bearer {token}", at=CLIENTS / "schemathesis")
        return "all checks passed"


def run(tools, folder):
    prepared, failed = False, 0
    for database in Sqlite(folder), Postgres():
        service = Service(folder, database, None)
        service.settings["RESEND_COOLDOWN"] = "0s"
        with service:
            contract = CLIENTS / "contract.json"
            # Another document than the one that is served, to try a change of it.
            given = os.environ.get("CONTRACT")
            contract.write_text(Path(given).read_text() if given else request("GET", f"{service.url}/openapi.json")[2])
            for tool in tools:
                begin = time.monotonic()
                try:
                    if not prepared:
                        tool.prepare(contract)
                    said = tool.run(service, service.token("--role", "admin"), contract)
                except RuntimeError as error:
                    said, failed = f"FAILED: {error}", failed + 1
                print(f"{database.name}, {tool.name}: {said} ({time.monotonic() - begin:.0f} s)", flush=True)
        prepared = True
    raise SystemExit(f"clients: {failed} failed" if failed else 0)


def main():
    tools = [OpenapiFetch(), HeyApi(), Orval(), Axios(), PythonClient(), Newman(), Prism(), Schemathesis()]
    chosen = [tool for tool in tools if tool.name in sys.argv[1:]] if sys.argv[1:] else tools
    with tempfile.TemporaryDirectory(prefix="clients-") as folder:
        run(chosen, folder)


main()
