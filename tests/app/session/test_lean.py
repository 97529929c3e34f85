"""The viewer starts without what its first picture does not need, and keeps no texts of modules."""

from __future__ import annotations

import json
import subprocess
import sys

START = """
import json, linecache, sys
import app.window.viewer
heavy = {"torch", "openvino", "scipy", "nibabel", "pydicom", "gdcm", "highdicom", "PIL", "matplotlib", "onnx"}
print(json.dumps([sorted(heavy & set(sys.modules)), sum(len(lines[2]) for lines in linecache.cache.values()
                                                        if len(lines) > 2)]))
"""


def test_the_window_needs_no_heavy_module_and_keeps_no_source() -> None:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, timeout=120, check=True)
    heavy, lines_kept = json.loads(done.stdout)
    assert heavy == []
    # Without app.session.lean more than 100,000: those of every module from pyqtgraph to NumPy.
    assert lines_kept < 20_000
