"""XML as text: what XML cannot hold is left out, everything else escaped."""

from __future__ import annotations

from xml.etree import ElementTree as ET


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
