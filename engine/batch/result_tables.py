"""Rows of a batch as CSV, for spreadsheets, and as Parquet, for programs: the same rows, the same bytes each time."""

from __future__ import annotations

import csv
import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from engine.batch.rows import Row
from engine.later import Later
from engine.tables import plain_cell

pyarrow: Any = Later("pyarrow")
parquet: Any = Later("pyarrow.parquet")
# Rows that are held at a time.
_GROUP = 5000


def has_parquet() -> bool:
    return importlib.util.find_spec("pyarrow") is not None


def write_tables(folder: Path, name: str, rows: Iterable[Row], columns: Mapping[str, type]) -> list[Path]:
    """Write NAME.csv, and NAME.parquet where pyarrow is there. Raises OSError."""
    as_csv, as_parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
    part, packed = (path.with_name(f".{path.name}.part") for path in (as_csv, as_parquet))
    made = [as_csv]
    writer = None
    with part.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(columns)
        if has_parquet():
            writer = parquet.ParquetWriter(packed, _schema(columns), compression="zstd")
        for group in _groups(rows):
            table.writerows([_cell(row[column]) for column in columns] for row in group)
            if writer is not None:
                writer.write_table(pyarrow.Table.from_pylist(group, schema=_schema(columns)), row_group_size=_GROUP)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(as_csv)
    if writer is not None:
        writer.close()
        packed.replace(as_parquet)
        made.append(as_parquet)
    return made


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
