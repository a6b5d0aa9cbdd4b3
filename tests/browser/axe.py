"""axe-core on an open page: what would keep somebody from using it."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

_RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)"""


def barriers(page: Page) -> list[str]:
    """Serious and critical findings, each with the first places it stands at; none is the aim."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(_RUN)
