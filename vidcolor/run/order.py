"""What a batch is asked to do, checked before anything begins, and what is left of each file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from vidcolor.errors import UsageError
from vidcolor.files import check_length
from vidcolor.machine import cores
from vidcolor.network import registry
from vidcolor.run.directions import Directions, digest
from vidcolor.run.identity import Identity, identify
from vidcolor.run.inputs import Inputs, Pair
from vidcolor.run.ledger import Ledger, Standing, settings_key
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.watch import Arrivals


@dataclass(frozen=True)
class Order:
    """A batch to be done.

    Attributes:
        inputs: what was found, or what comes as long as the batch runs.
        target: the output folder; made if it is missing.
        settings: for every file.
        jobs: worker processes.
        overwrite: whether other files at the outputs' names are replaced.
        restart: whether unfinished jobs with other settings are thrown away.
        cluster: address of one that colours, None for this machine alone.
        directions: where stills and hints of the files are.
    """

    inputs: Inputs | Arrivals
    target: Path
    settings: ColorizeSettings
    jobs: int = 1
    overwrite: bool = False
    restart: bool = False
    cluster: str | None = None
    directions: Directions = field(default_factory=Directions)

    def sources(self) -> list[Path] | None:
        """All files to be coloured; None where more may come."""
        if not isinstance(self.inputs, Inputs):
            return None
        return [pair.source for pair in self.inputs.pairs]


def shared_out(settings: ColorizeSettings, jobs: int) -> ColorizeSettings:
    """Settings with each worker's threads: jobs times threads is never over the cores.

    Raises:
        UsageError: that many jobs, or jobs with that many threads, are over the cores.
    """
    threads = settings.threads or max(1, cores() // jobs)
    if jobs * threads > cores():
        each = f" with --threads {threads}" if settings.threads else ""
        raise UsageError(
            f"--jobs {jobs}{each} is more than this machine's {cores()} cores.",
            f"Give at most --jobs {max(1, cores() // (settings.threads or 1))}.",
        )
    return replace(settings, threads=threads)


def checked(order: Order) -> tuple[ColorizeSettings, str]:
    """Settings of each worker, and their key for the ledger.

    Raises:
        ModelError, UsageError: as `run_batch`.
    """
    order.directions.check(order.sources())
    settings = shared_out(order.settings, order.jobs)
    return settings, settings_key(
        settings, registry.verified_hash(registry.find_model(settings.model))
    )


@dataclass(frozen=True)
class Look:
    """What an earlier run left of a pair.

    Attributes:
        identity: of the source.
        said: a hash of its stills and hints.
        standing: what is to be done.
    """

    identity: Identity
    said: str
    standing: Standing


def look(pair: Pair, order: Order, ledger: Ledger) -> Look:
    """What is to be done about a pair.

    Raises:
        InputError, OutputError, UsageError: nothing can be.
    """
    check_length(pair.output)
    identity = identify(pair.source)
    said = digest(order.directions.of(pair.source))
    standing = ledger.standing(identity, pair.output, order.overwrite, said)
    return Look(identity, said, standing)
