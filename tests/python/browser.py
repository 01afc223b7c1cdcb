"""A real browser for whoever looks at pages: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

QUIET = ("disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
QUIET += ("disable-component-update", "disable-sync", "disable-dev-shm-usage")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; where there is none, tests that need it say so and are skipped."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    options = [f"--{option}" for option in QUIET]
    if os.geteuid() == 0:  # its sandbox does not work for root
        options.append("--no-sandbox")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=options)
        yield chromium
        chromium.close()
