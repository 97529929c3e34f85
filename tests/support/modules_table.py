"""Writes the list of modules into docs/architecture.md, from what each says of itself.

`python tests/support/modules_table.py` writes it anew.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "## Modules\n", "## Types\n"
ROOMS = {
    "app/cli": "the command: entry, signals, arguments, one file a verb",
    "app/window": "assembly, menus, layouts, settings, starting and closing",
    "app/dialogs": "windows that ask or tell something",
    "app/panels": "what stands around the images",
    "app/views": "what shows images",
    "app/session": "the store, and the parts that change it",
    "app/look": "colours, icons, shared widgets",
    "app/words": "texts in the language of the window",
    "app/state": "the frozen state: types, questions, changes; no Qt",
    "engine": "modules on floors of their own",
    "engine/network": "models on disk, and running them on the CPU",
    "engine/formats": "files in and out",
    "engine/measures": "numbers from masks",
    "engine/pictures": "numpy arrays to what a screen shows",
    "engine/paper": "a page of A4",
    "engine/exchange": "DICOM objects for archives, and what goes to and comes from them",
    "training": "modules on floors of their own",
    "training/reports": "tables and pictures of results",
    "training/steps": "what a model goes through: trained, tuned, quantized, exported, validated",
    "training/networks": "the networks",
    "training/data": "patients, scans, crops",
    "training/graphs": "rewrites of exported graphs",
}


def lines() -> Iterator[str]:
    """The section's lines: a table for each room."""
    for room, words in ROOMS.items():
        yield f"**{room}**: {words}\n\n| module | |\n|---|---|\n"
        for path in sorted((ROOT / room).glob("*.py")):
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
            if path.stem not in ("__init__", "__main__") and said:
                sentence = " ".join(said.split("\n\n")[0].split())
                yield f"| `{path.stem}` | {sentence.rstrip('.')} |\n"
        yield "\n"


def write() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    PAGE.write_text(before + BEGIN + "\n" + "".join(lines()) + after, encoding="utf-8")


if __name__ == "__main__":
    write()
