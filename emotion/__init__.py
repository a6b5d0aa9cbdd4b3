"""What is expressed in a clip: see pipeline.py."""
