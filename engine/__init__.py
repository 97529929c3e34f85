"""Cardiac MRI: reading, segmenting, measuring and writing. No Qt, no torch."""

__version__ = "0.1.0"
