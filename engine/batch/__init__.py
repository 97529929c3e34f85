"""Many scans, one after the other or on many processes: resumable, and with the same bytes each time."""
