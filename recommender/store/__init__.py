"""What outlives a visit: picks, shared results, the database under them."""
