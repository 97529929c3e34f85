"""Files that ship with the program: models and icons."""
