"""A real browser without network: Debian's chromium, driven by playwright."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

QUIET = [
    *("disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
    *("disable-component-update", "disable-sync", "disable-dev-shm-usage"),
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium that resolves no name: what a page shows, it shows from disk or this machine."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    arguments = [f"--{option}" for option in QUIET]
    arguments.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    if os.geteuid() == 0:  # its sandbox does not work for root
        arguments.append("--no-sandbox")
    expect.set_options(timeout=60_000)  # pages of megabytes, on a machine that does much else
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=arguments)
        yield running
        running.close()
