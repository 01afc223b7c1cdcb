"""Superset's pages as a person sees them: log in, open a dashboard, wait for every chart."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Response

HOLDER = "[data-test=dashboard-component-chart-holder]"
WIDTH, HEIGHT = 1600, 1800
PATIENCE_SECONDS = 90.0
STABLE_SECONDS = 1.0


@dataclass
class Screen:
    """One logged-in page. Every answer to a chart's query is kept, with what went wrong."""

    page: Page
    url: str
    answers: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Go to a dashboard and wait until all charts of its first tab are drawn."""
        self.answers.clear()
        self.page.goto(f"{self.url}/superset/dashboard/{address}/?standalone=2")
        self.wait()

    def tabs(self) -> list[str]:
        """Titles of the dashboard's tabs."""
        found = self.page.locator("[data-test=dashboard-component-tabs] [role=tab]")
        return [text.strip() for text in found.all_inner_texts()]

    def show(self, tab: str) -> None:
        """Open a tab and wait for its charts."""
        tabs = self.page.locator("[data-test=dashboard-component-tabs] [role=tab]")
        tabs.filter(has_text=re.compile(f"^\\s*{re.escape(tab)}\\s*$")).first.click()
        self.wait()

    def wait(self) -> None:
        """Until nothing loads and every chart is drawn or failed, and that stays so."""
        self.page.wait_for_selector("[data-test=dashboard-component-tabs], .ant-empty")
        deadline = time.monotonic() + PATIENCE_SECONDS
        settled_since: float | None = None
        while time.monotonic() < deadline:
            if self._is_settled():
                settled_since = settled_since or time.monotonic()
                if time.monotonic() - settled_since > STABLE_SECONDS:
                    return
            else:
                settled_since = None
            self.page.wait_for_timeout(100)
        self.failures.append("charts still load")

    def problems(self) -> list[str]:
        """Errors and empty charts on the open tab, and failed queries, by title of the chart."""
        found = list(self.failures)
        for holder in self._charts().all():
            title = holder.locator("[data-test=slice-header]").first.inner_text().split("\n")[0]
            if holder.locator(".ant-alert-error").count():
                found.append(f"{title}: {holder.locator('.ant-alert-error').first.inner_text()}")
            elif holder.locator(".ant-empty").count() or "No data" in holder.inner_text():
                found.append(f"{title}: empty")
        return found

    def text(self, title: str) -> str:
        """What stands in the tile of a chart, without its title."""
        holder = self._charts().filter(has=self.page.get_by_text(title, exact=True)).first
        return holder.inner_text().removeprefix(title).strip()

    def chart_titles(self) -> list[str]:
        """Titles of the charts of the open tab."""
        headers = self._charts().locator("[data-test=slice-header]").all_inner_texts()
        return [header.split("\n")[0] for header in headers]

    def picture(self, file: Path) -> None:
        """A screenshot of the tall window: a page is drawn only where one looks."""
        self.page.screenshot(path=file)

    def _charts(self) -> Locator:
        """Tiles of charts on the open tab: other tabs stay in the page, texts have tiles, too."""
        header = self.page.locator("[data-test=slice-header]")
        return self.page.locator(HOLDER).filter(has=header).filter(visible=True)

    def _is_settled(self) -> bool:
        count = {
            what: self.page.locator(f"[data-test={what}]").count()
            for what in ("loading-indicator", "slice-container", "chart-grid-component")
        }
        failed = self.page.locator(f"{HOLDER} .ant-alert-error").count()
        drawn = count["slice-container"] + failed
        return count["loading-indicator"] == 0 and drawn >= count["chart-grid-component"]


def log_in(browser: Browser, url: str, user: str, password: str) -> Screen:
    """A page of its own, logged in by the form."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_default_timeout(60_000)
    screen = Screen(page, url)
    page.on("response", lambda response: _keep(screen, response))
    page.goto(f"{url}/login/")
    page.fill("#username, [name=username]", user)
    page.fill("#password, [name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(re.compile(r"^(?!.*/login).*$"))
    return screen


def _keep(screen: Screen, response: Response) -> None:
    if "/api/v1/chart/data" not in response.url:
        return
    if response.status >= 400:
        screen.failures.append(f"query: {response.status} {response.text()[:300]}")
        return
    screen.answers.append({"asked": response.request.post_data_json, **response.json()})
