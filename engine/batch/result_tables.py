"""Rows of a batch as CSV, for spreadsheets, and as Parquet, for programs: the same rows, the same bytes each time."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from engine.batch.rows import Row
from engine.errors import ExportError
from engine.later import Later
from engine.tables import plain_cell

pyarrow: Any = Later("pyarrow")
parquet: Any = Later("pyarrow.parquet")
# Rows that are held at a time.
_GROUP = 5000


def has_parquet() -> bool:
    return importlib.util.find_spec("pyarrow") is not None


def write_tables(folder: Path, name: str, rows: Iterable[Row], columns: Mapping[str, type]) -> list[Path]:
    """Write NAME.csv, and NAME.parquet where pyarrow is there. Raises ExportError."""
    finals = [folder / f"{name}.csv", *([folder / f"{name}.parquet"] if has_parquet() else [])]
    parts = [path.with_name(f".{path.name}.part") for path in finals]
    try:
        with parts[0].open("w", encoding="utf-8", newline="") as stream, contextlib.ExitStack() as stack:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(columns)
            writer = None
            if len(parts) > 1:
                packed = stack.enter_context(parts[1].open("wb"))
                writer = stack.enter_context(parquet.ParquetWriter(packed, _schema(columns), compression="zstd"))
            for group in _groups(rows):
                table.writerows([_cell(row[column]) for column in columns] for row in group)
                if writer is not None:
                    writer.write_table(pyarrow.Table.from_pylist(group, schema=_schema(columns)), row_group_size=_GROUP)
        # Both are whole before either takes the place of an earlier one.
        for part in parts:
            with part.open("rb+") as whole:
                os.fsync(whole.fileno())
        for part, final in zip(parts, finals, strict=True):
            part.replace(final)
    except OSError as error:
        raise ExportError(
            f"{finals[0]}: cannot be written ({error.strerror or error}); free some space, and give the same command "
            "again"
        ) from error
    finally:
        for part in parts:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    return finals


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while group := list(islice(source, _GROUP)):
        yield group


def _schema(columns: Mapping[str, type]) -> Any:
    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    return pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain_cell(value) if isinstance(value, str) else repr(value)
