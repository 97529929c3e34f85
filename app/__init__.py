"""The viewer: a window and a command line over engine."""
