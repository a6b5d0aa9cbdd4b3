"""A :class:`Timeline` as JSON and CSV, in the stable schema that the README documents, and back."""

from emotion.result_read import from_dict, read
from emotion.result_written import DIGITS, MODALITIES, SCHEMA_VERSION, cell, to_csv, to_dict

__all__ = ["DIGITS", "MODALITIES", "SCHEMA_VERSION", "cell", "from_dict", "read", "to_csv", "to_dict"]
