"""Training, quantizing and exporting the models that the viewer loads."""
