"""Songs as data: the catalogue, its files, its filters, its moods."""
