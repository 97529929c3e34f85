"""The viewer starts without what its first picture does not need, and keeps no texts of modules."""

from __future__ import annotations

import json
import subprocess
import sys

START = """
import gc, json, linecache, sys
import PySide6.QtGui
names = dir(PySide6.QtGui)
collections = sum(one["collections"] for one in gc.get_stats())
import app.window.viewer
collections = sum(one["collections"] for one in gc.get_stats()) - collections
import pyqtgraph, numpy
from engine.pictures.render import auto_window
auto_window(numpy.arange(64.0).reshape(8, 8))
heavy = {"torch", "openvino", "scipy", "nibabel", "pydicom", "gdcm", "highdicom", "PIL", "matplotlib", "onnx",
         "numpy.ma"}
print(json.dumps({
    "heavy": sorted(heavy & set(sys.modules)),
    "lines kept": sum(len(lines[2]) for lines in linecache.cache.values() if len(lines) > 2),
    "collections": collections,
    "collects": gc.isenabled(),
    "mirrored": len(vars(pyqtgraph.Qt.QtGui)),
    "names": set(names) <= set(dir(PySide6.QtGui)) and pyqtgraph.Qt.QtGui.QTransform is PySide6.QtGui.QTransform,
}))
"""


def test_the_window_needs_no_heavy_module_and_keeps_no_source() -> None:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(done.stdout)
    assert found["heavy"] == []
    # Without app.session.lean more than 100,000: those of every module from pyqtgraph to NumPy.
    assert found["lines kept"] < 20_000
    # Without app.window.loading more than 100 collections, and all 500 names of QtGui.
    assert found["collections"] < 20
    assert found["collects"]
    assert found["mirrored"] < 100
    assert found["names"]
