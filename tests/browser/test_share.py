"""A result shared by a link: opened by another visitor of the same server, deleted by who made it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.analysing import result_of, section, settled
from tests.browser.axe import barriers
from tests.browser.conftest import Open, Server


def test_another_visitor_sees_what_was_shared_until_it_is_deleted(open_page: Open, server: Server) -> None:
    owner = open_page("/?sample=good_news", width=390)
    result_of(owner)
    section(owner, "Share")
    owner.get_by_role("textbox", name="Title").fill("<b>Our</b> news")
    owner.get_by_role("textbox", name="Title").press("Enter")
    owner.get_by_role("button", name="Make the link").click()
    address = owner.get_by_role("textbox", name="Link", exact=True)
    address.wait_for()
    settled(owner)
    assert barriers(owner) == []
    assert owner.evaluate("document.documentElement.scrollWidth") <= 390
    link = address.input_value()
    assert re.fullmatch(re.escape(server.url) + r"/link\?id=[\w-]{32}", link)
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    owner.get_by_role("button", name="Copy link").click()
    owner.get_by_role("button", name="Copied").wait_for()
    assert owner.evaluate("navigator.clipboard.readText()") == link

    other = open_page(link.removeprefix(server.url), locale="zh-TW", width=390)  # another browser context
    other.get_by_role("heading", level=1, name="<b>Our</b> news").wait_for()
    other.locator(".st-key-clip_timeline .js-plotly-plot").wait_for()
    other.get_by_text("語氣與表情不一致").first.wait_for()
    other.locator(".st-key-link_strip .block").first.wait_for()
    other.get_by_role("radio").nth(1).check(force=True)
    other.get_by_text("1 票").wait_for()
    owner.get_by_text("1 vote", exact=False).wait_for()  # the tally renews itself
    other.get_by_placeholder("簡短意見").first.fill("<i>slower</i>, please")
    other.get_by_placeholder("簡短意見").first.press("Enter")
    owner.get_by_text("<i>slower</i>, please", exact=False).wait_for()
    heard = other.locator(".cue .hear[data-hear]").first
    heard.click()
    expect(heard).to_have_attribute("aria-label", re.compile("^暫停"))
    heard.click()
    expect(heard).to_have_attribute("aria-label", re.compile("^試聽"))
    assert other.locator(".st-key-link_strip .edge").count() == 0, "a guest changes nothing of the sheet"
    other.get_by_text("依標籤").click()
    expect(other.locator("details[open]")).to_contain_text(re.compile(r".{100,}", re.DOTALL))
    preview = owner.request.get(link).text()
    assert '<meta property="og:title" content="&lt;b&gt;Our&lt;/b&gt; news' in preview
    picture = re.search(r'property="og:image" content="([^"]+)"', preview)
    assert picture is not None
    assert owner.request.get(picture[1]).headers["content-type"] == "image/png"
    expect(other.get_by_text(re.compile(r"連結有效至 \d{4}年\d{1,2}月\d{1,2}日"))).to_be_visible()
    settled(other)
    assert other.locator("video, audio, iframe, [data-testid=stImage]").count() == 0
    assert barriers(other) == []
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    assert server.home.joinpath("shares").is_dir()
    assert list(server.home.joinpath("shares").iterdir()) == []

    owner.get_by_role("button", name="End the vote").click()
    owner.get_by_role("button", name="Open the vote again").wait_for()
    other.reload()
    other.get_by_text("投票已結束。").wait_for()
    expect(other.get_by_role("radio").first).to_be_disabled()
    expect(other.get_by_placeholder("簡短意見")).to_have_count(0)
    owner.get_by_role("button", name="Delete this link").click()
    owner.get_by_text("The link was deleted").wait_for()
    other.reload()
    other.get_by_role("heading", level=1, name="這個連結無法開啟").wait_for()
    other.get_by_role("button", name="分析你自己的影音").click()
    other.get_by_text("上傳聲音或影片").wait_for()
