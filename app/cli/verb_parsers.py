"""The command's parser, and that of each verb."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from engine import __version__


class VerbParsers:
    """Begins without a verb. by_verb: the parsers of those that were added."""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(
            prog="cinequant",
            description="Cardiac MRI on the local CPU: view, segment, time and measure. "
            "Without a verb, PATH is opened in the viewer; without a PATH, a built-in phantom.",
            epilog="Exit status: 0 done, 1 the input or the environment is at fault (one line on stderr), 2 wrong "
            "usage, 3 an error in CineQuant itself, 130 interrupted, 143 terminated.",
            allow_abbrev=False,
        )
        self.parser.add_argument("--version", action="version", version=f"cinequant {__version__}")
        self._verbs = self.parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        self.by_verb: dict[str, argparse.ArgumentParser] = {}

    def add(self, name: str, run: Callable[[argparse.Namespace], int | None], text: str) -> argparse.ArgumentParser:
        """Add a verb. run: does it. text: what the help says of it."""
        made = self.by_verb[name] = self._verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        made.set_defaults(run=run)
        return made
