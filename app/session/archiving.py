"""What is asked of an archive, off the window's thread: searches, tests, fetching and sending.

Nothing is connected to unless one of these is called, which only the user's own acts do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.session.jobs import Failed, JobReport, Lane, Reporter, Workers
from app.state.types import Busy
from app.words.language import translate

if TYPE_CHECKING:
    from engine.exchange.search import FoundSeries, FoundStudies, Query
    from engine.exchange.servers import Server
    from engine.exchange.transfer import Fetched

Make = Callable[[Path], Sequence[Path]]
"""Writes DICOM files into a folder and returns those to send."""


class Archiving:
    """Two threads: a search does not wait for what is being fetched."""

    def __init__(self, workers: Workers) -> None:
        self._searches, self._tests = Lane(workers.searching), Lane(workers.searching)
        self._details = Lane(workers.searching)
        self._transfers = Lane(workers.transferring)

    def search(
        self, server: Server, query: Query, secret: str, then: Callable[[FoundStudies], None], failed: Failed
    ) -> None:
        """Ask for studies. An earlier question is not waited for."""

        def run(reporter: Reporter) -> FoundStudies:
            from engine.exchange import transfer  # noqa: PLC0415 - no start-up waits for it

            return transfer.find_studies(server, query, secret=secret, cancel=reporter.token)

        self.forget()
        self._searches.submit(run, then=then, failed=failed)

    def series(
        self, server: Server, study: str, secret: str, then: Callable[[tuple[FoundSeries, ...]], None], failed: Failed
    ) -> None:
        """Ask for the series of a study."""

        def run(reporter: Reporter) -> tuple[FoundSeries, ...]:
            from engine.exchange import transfer  # noqa: PLC0415

            return transfer.find_series(server, study, secret=secret, cancel=reporter.token)

        self._details.submit(run, then=then, failed=failed)

    def test(self, server: Server, secret: str, then: Callable[[float], None], failed: Failed) -> None:
        """Ask whether a server is there; then gets the seconds that it took."""

        def run(reporter: Reporter) -> float:
            from engine.exchange import transfer  # noqa: PLC0415

            return transfer.echo(server, secret=secret, cancel=reporter.token)

        self._tests.cancel()
        self._tests.submit(run, then=then, failed=failed)

    def fetch(
        self,
        server: Server,
        study: str,
        series: Sequence[str],
        folder: Path,
        secret: str,
        *,
        on_report: Callable[[JobReport], None],
        then: Callable[[Fetched], None],
        failed: Failed,
    ) -> None:
        """Fetch a study, or some of its series, into a folder. What is fetched together may grow to a limit."""

        def run(reporter: Reporter) -> Fetched:
            from engine.exchange import transfer  # noqa: PLC0415
            from engine.exchange.arrivals import LIMIT_BYTES, clean_up, used_bytes  # noqa: PLC0415

            clean_up(folder.parent)
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The limit is that of all studies; a fetch counts its own.
            others = used_bytes(folder.parent) - used_bytes(folder)
            return transfer.fetch(
                server,
                study,
                folder,
                series=series,
                secret=secret,
                limit_bytes=LIMIT_BYTES - others,
                progress=reporter.progress,
                cancel=reporter.token,
            )

        busy = Busy(translate("Archive", "Fetching"), can_stop=True)
        self._transfers.submit(run, then=then, failed=failed, on_report=on_report, busy=busy)

    def send(
        self,
        server: Server,
        make: Make,
        secret: str,
        *,
        on_report: Callable[[JobReport], None],
        then: Callable[[int], None],
        failed: Failed,
    ) -> None:
        """Make files in a folder that is removed again, and send them."""

        def run(reporter: Reporter) -> int:
            from engine.exchange import transfer  # noqa: PLC0415

            with tempfile.TemporaryDirectory(prefix="cinequant-") as made:
                files = make(Path(made))
                return transfer.send(server, files, secret=secret, progress=reporter.progress, cancel=reporter.token)

        busy = Busy(translate("Archive", "Sending"), can_stop=True)
        self._transfers.submit(run, then=then, failed=failed, on_report=on_report, busy=busy)

    def forget(self) -> None:
        """No answer to what was asked is wanted any more; what is being fetched or sent goes on."""
        for lane in (self._searches, self._details, self._tests):
            lane.cancel()

    def cancel(self) -> None:
        """Stop fetching and sending, and forget what was asked."""
        self.forget()
        self._transfers.cancel()

    @property
    def transferring(self) -> bool:
        """Whether something is being fetched or sent."""
        return any(job.lane is self._transfers for job in self._transfers.worker.unfinished)
