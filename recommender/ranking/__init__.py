"""Which songs fit, and in what order."""
