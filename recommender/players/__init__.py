"""Where a song can be heard."""
