"""Music under a clip: what plays when, how loud, and the files that come of it.

How it flows::

    clip sound ───levels───▶ speech level a second ─┐
    CueSheet, tracks ──fit──▶ Placement, ... ───────┼─plan──▶ MixPlan ──render──▶ mix, stems ──report──▶ Report
    track sound ───levels───▶ music level a second ─┘

``plan``, ``fit``, ``duck`` and ``levels`` are pure; ``render`` alone touches files.
"""
