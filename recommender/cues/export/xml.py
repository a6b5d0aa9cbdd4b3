"""XML as text: what XML cannot hold is left out, the rest escaped; rates and times as both formats say them."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree as ET

from recommender.cues import timecodes


def element(parent: ET.Element, tag: str, text: object) -> ET.Element:
    """A child with text."""
    child = ET.SubElement(parent, tag)
    child.text = clean(str(text))
    return child


def clean(text: str) -> str:
    """Without control characters, lone surrogates and the like, which no XML may hold, escaped or not."""
    return "".join(c for c in text if c.isprintable() or c in "\t\n")


def render(root: ET.Element, *, doctype: str) -> str:
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n{ET.tostring(root, encoding="unicode")}\n'


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own text, written a moment ago


def put_rate(parent: ET.Element, rate: Fraction) -> None:
    """The frame rate as FCP7 XML has it."""
    here = ET.SubElement(parent, "rate")
    element(here, "timebase", timecodes.base(rate))
    element(here, "ntsc", "TRUE" if rate.denominator == 1001 else "FALSE")


def exact(seconds: Fraction) -> str:
    """A time as FCPXML has it: ``5s``, ``1001/30000s``."""
    return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"
