"""Builds the catalogue from its sources: ``python -m recommender.building``.

How it flows::

    sources.fetch ─┬─▶ LMC archive ──lmc_archive.read──▶ LmcSongs ──┐
    (mirror, else  └─▶ Deezer CSVs ──deezer.read──▶ DeezerSongs ────┼─merge.join──▶ Catalogue
     download)         assets/music/starter.csv ────────────────────┘
"""
