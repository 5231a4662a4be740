"""Postgres and Valkey as processes: spawned, watched, started again where they lie, stopped."""

import pwd
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from backend.backoff import Backoff

STATE_FILE = "services.json"


class ServiceError(Exception):
    """A service could not be started; the message says why and what to do."""


@dataclass
class Server:
    """One server: how it is started, how it is asked to end, and the process that it is now."""

    name: str
    command: list[str]
    user: pwd.struct_passwd | None
    polite: signal.Signals
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)
    backoff: Backoff = field(default_factory=Backoff)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops the servers last
                user=self.user.pw_uid if self.user else None,
                group=self.user.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )
        self.backoff.started()


@dataclass
class Running:
    """Started services; `stop` ends what was started here and nothing else."""

    var: Path
    urls: dict[str, str] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)

    @property
    def processes(self) -> list[tuple[subprocess.Popen[bytes], signal.Signals]]:
        """Each server's process, with the signal that asks it to end."""
        return [(server.process, server.polite) for server in self.servers]

    def spawn(
        self, name: str, command: list[str], user: pwd.struct_passwd | None, polite: signal.Signals
    ) -> subprocess.Popen[bytes]:
        """Start a server that is to be watched and stopped with the others."""
        server = Server(name, command, user, polite, self.var / "log" / f"{name}.log")
        server.start()
        self.servers.append(server)
        return server.process

    def stop(self) -> None:
        """End the servers in reverse order, waiting until their data is on disk."""
        for process, polite in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(polite)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.servers.clear()
        (self.var / STATE_FILE).unlink(missing_ok=True)

    def check(self) -> None:
        """Raise ServiceError when a server that we started has ended."""
        for server in self.servers:
            if server.process.poll() is not None:
                raise ServiceError(f"A database server ended by itself; see the logs in {self.var / 'log'}.")

    def tend(self) -> list[str]:
        """Start again, at their old address, servers that ended; their names, if it was time for any.

        Raises ServiceError for one that keeps ending as soon as it is started.
        """
        again = []
        for server in self.servers:
            if server.process.poll() is None or not server.backoff.may_start():
                continue
            if server.backoff.is_hopeless:
                raise ServiceError(f"{server.name} ends as soon as it is started; see {server.log}.")
            server.start()
            again.append(server.name)
        return again
