"""benchmarks.cohort: the page that it makes of its figures, and what it takes for the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import cohort

MEMORY = {
    "studies": 300,
    "peak_mb": 330.0,
    "early_mb": 310.0,
    "late_mb": 312.0,
    "mask_bytes_a_slice": 200.0,
    "table_bytes_a_case": 7000.0,
}


def figures(**changes: Any) -> dict[str, Any]:
    rates = {
        "1 worker": [100.0],
        "2 workers": [190.0],
        "1 worker, archives": [80.0],
        "quantlite": [20.0],
        "unet": [10.0],
    }
    found = {
        "device": {"name": "Some CPU", "isa": "AMX", "cores": 2},
        "runtime": "OpenVINO 2026.4.1",
        "python": "3.11.7",
        "rounds": 1,
        "load": 0.1,
        "slices_per_s": rates,
        "median_slices_per_s": {name: values[0] for name, values in rates.items()},
        "efficiency": 0.95,
        "speedup": {"quantlite": 9.5, "unet": 19.0},
        "memory": MEMORY,
        "overhead_s": 0.004,
    }
    return found | changes


def test_the_page_judges_and_extrapolates() -> None:
    page = cohort.page(figures())
    assert " NO |" not in page
    assert "9.5 × as fast" in page
    assert "A task costs 4.0 ms beside its work" in page
    assert "7 min for 100,000 cases" in page
    # 50 million slices at 80 a second and .95.
    assert "50 million slices, 7.6 days of one core, 11 h on 16 cores, 0.2 h on 64 such machines" in page
    assert "Masks: 10 GB; journal and tables: 0.7 GB." in page
    bad = cohort.page(figures(efficiency=0.8, memory={**MEMORY, "peak_mb": 500.0, "late_mb": 600.0}))
    assert bad.count(" NO |") == 3


def test_costs_and_the_order_of_finishing_do_not_count(tmp_path: Path) -> None:
    for name in ("results.csv", "costs.csv", "journal.jsonl", "batch.json", ".lock"):
        (tmp_path / name).write_text(name)
    assert list(cohort.contents(tmp_path)) == ["results.csv"]
