"""Makes what ``recommender.library`` serves: networks rebuilt from their wheels, heads trained on research sets.

Never imported by the app: it needs TensorFlow and scikit-learn (requirements-dev.txt).
"""
