"""Music of our own, written by code: moods that free music with a clear licence lacks.

``python -m recommender.building.beds`` composes every piece of :mod:`pieces`, renders it with
FluidSynth and a General MIDI soundfont, and writes ``assets/music/beds`` with its list. The same
seed gives the same notes; tempo, key, bars and loop points are known, not measured.
"""
