"""Pages in headless Chromium, by Playwright; a test is skipped where either is absent.

    with browser.chromium() as chromium, browser.visitor(chromium) as visit:
        page = visit(path, width=375, color_scheme="dark")

At the end a visitor fails on what was said in the console or raised, and on each request for what is not a file.
"""

from __future__ import annotations

import contextlib
import shutil

import pytest

ARGUMENTS = [
    "--no-sandbox",  # in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL = "file:", "data:", "about:"
PATIENCE = 10_000  # milliseconds


@contextlib.contextmanager
def chromium():
    """The machine's Chromium. While it runs the thread has an event loop: asyncio.run fails there."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextlib.contextmanager
def visitor(browser):
    """visit(path, width, height, color_scheme=..., ...) opens a page in a profile of its own."""
    profiles, troubles = [], []

    def visit(path, width=1440, height=900, **options):
        profile = browser.new_context(viewport={"width": width, "height": height}, **options)
        profiles.append(profile)
        page = profile.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: said.type in ("error", "warning") and troubles.append(said.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(LOCAL) or troubles.append(f"a request for {asked.url}"))
        page.goto(path.as_uri())
        return page

    yield visit
    for profile in profiles:
        profile.close()
    assert not troubles, troubles
