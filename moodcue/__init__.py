"""The command ``moodcue``: one small file a command in :mod:`moodcue.commands`.

It stands above both libraries, for which it only parses and prints: what a command does is a function of
``emotion`` or ``recommender``, which know nothing of each other's command lines and nothing of this one.
"""
