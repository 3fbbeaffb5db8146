"""A real server process, and a plain client for it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Put on the path of server and workers: the tiny workspace's cards name functions that tests define.
_CUSTOM = "from tests import trial_tools\n"


@dataclass(frozen=True)
class Answer:
    """What a request got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def problem(self) -> str:
        """The one sentence of an error."""
        assert self.media == "application/problem+json", (self.status, self.media, self.body[:200])
        assert self.json["status"] == self.status
        assert self.json["request"] == self.headers["x-request-id"]
        return self.json["detail"]


class Server:
    """`spacegov serve` as a process."""

    def __init__(self, workspace: Path, state: Path, *, trial: bool = False, words: tuple[str, ...] = ()) -> None:
        self.workspace = workspace
        self.state = state
        state.mkdir(parents=True, exist_ok=True)
        path = [str(ROOT)]
        if trial:
            (state / "sitecustomize.py").write_text(_CUSTOM, encoding="utf-8")
            path.insert(0, str(state))
        # Compiled modules are shared by all servers of a test run: workers that are killed come back sooner.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        compiled = str(Path(tempfile.gettempdir()) / "spacegov-tests-compiled")
        own = {"XDG_STATE_HOME": str(state), "PYTHONPATH": os.pathsep.join(path), "PYTHONPYCACHEPREFIX": compiled}
        self.environment = {**kept, **own}
        self.words = words
        self.log = state / "log.jsonl"
        self.process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> Server:
        words = ["serve", "--workspace", str(self.workspace), "--port", "0", "--json", *self.words]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "spacegov", *words],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()[-2000:]
        self.address = json.loads(line)["address"]
        return self

    def stop(self, how: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)

    def ask(self, path: str, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        host = self.address.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=300)
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        try:
            connection.request(method, path, body, sent)
            found = connection.getresponse()
            return Answer(found.status, {key.lower(): value for key, value in found.getheaders()}, found.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask(path, "POST", body, {key.replace("_", "-"): value for key, value in headers.items()})

    def start_job(self, tool: str, inputs: dict[str, Any] | None = None) -> str:
        got = self.post(f"/processes/{tool}/execution", {"inputs": inputs or {}}, prefer="respond-async")
        assert got.status == 201, got.body
        assert got.headers["location"] == f"{self.address}/jobs/{got.json['jobID']}"
        return got.json["jobID"]

    def wait(self, job: str, *states: str, seconds: float = 120) -> dict[str, Any]:
        wanted = states or ("successful", "failed", "dismissed")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            got = self.ask(f"/jobs/{job}")
            if got.status != 200 or got.json["status"] in wanted:
                return got.json
            time.sleep(0.05)
        raise AssertionError(f"the job is still {got.json}")

    def events(self) -> list[dict[str, Any]]:
        # not splitlines, which also splits at separators that a forged path may hold; the last piece is unfinished
        return [json.loads(line) for line in self.log.read_text().split("\n")[:-1] if line.startswith("{")]

    def faults(self) -> list[dict[str, Any]]:
        return [event for event in self.events() if event["level"] == "error"]

    def children(self) -> list[int]:
        """Every process below the server's."""
        assert self.process is not None
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue
        found, edge = [], [self.process.pid]
        while edge:
            edge = [child for child, parent in parents.items() if parent in edge]
            found += edge
        return found


def job_process(server: Server) -> int | None:
    """The process that runs a job: a child of a worker."""
    assert server.process is not None
    for child in server.children():
        try:
            parent = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent != server.process.pid and parent in server.children():
            return child
    return None


def worker_of(child: int) -> int:
    return int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])


def running(server: Server, job: str) -> int:
    """Wait until a job's process works."""
    server.wait(job, "running", "successful", "failed")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        child = job_process(server)
        if child is not None:
            return child
        time.sleep(0.005)
    raise AssertionError("no process runs the job")


def gone(process: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False
