"""A private PostgreSQL for tests: the system's binaries, a folder of its own, no port."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections import deque
from pathlib import Path

from sqlalchemy import URL, create_engine, text

USER = "adapter"
# PostgreSQL refuses to run as root.
SERVANT = "nobody"
IN_MEMORY = Path("/dev/shm")  # noqa: S108  # a cluster that lives as long as the tests
# No test needs more at once; each takes 8 MB, and a whole run makes thousands.
DATABASES_KEPT = 50
OPTIONS = (
    "-c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=100 "
    "-c shared_buffers=32MB -c autovacuum=off"
)


def binaries():
    """Return the folder of PostgreSQL's server binaries, or None where there is none."""
    folders = [Path(f) for f in os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


class Cluster:
    """One server in a folder of its own; every database is a copy of a prepared one."""

    def __init__(self, binaries, prepare):
        self._binaries = binaries
        usable = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
        self.folder = Path(
            tempfile.mkdtemp(prefix="adapter-pg-", dir=IN_MEMORY if usable else None)
        )
        self._as = {}
        if os.geteuid() == 0:
            servant = pwd.getpwnam(SERVANT)
            os.chown(self.folder, servant.pw_uid, servant.pw_gid)
            self._as = {"user": servant.pw_uid, "group": servant.pw_gid, "extra_groups": []}
        self._data = self.folder / "data"
        self._numbers = itertools.count(1)
        self._kept = deque()
        self._run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()
        self.execute("CREATE DATABASE prepared")
        prepare(self.url("prepared"))

    def url(self, database):
        """Return an address with nothing secret in it."""
        return URL.create(
            "postgresql+psycopg",
            username=USER,
            database=database,
            query={"host": str(self.folder)},
        ).render_as_string()

    def new_database(self):
        name = f"ledger_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE prepared")
        self._kept.append(name)
        if len(self._kept) > DATABASES_KEPT:
            self.execute(f"DROP DATABASE {self._kept.popleft()} WITH (FORCE)")
        return self.url(name)

    def disconnect(self, database):
        """End every connection to a database, as a server does that fails over."""
        self.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608  # a name of our own
        )

    def start(self):
        options = f"{OPTIONS} -k {self.folder}"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self):
        """Stop at once, as a machine does that loses its power."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def _run(self, program, *arguments):
        done = subprocess.run(
            [self._binaries / program, "-D", self._data, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            cwd=self.folder,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, (program, done.stderr, self._log())

    def _log(self):
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def execute(self, statement):
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
