"""Measurements for developers. Nothing in the program imports them."""
