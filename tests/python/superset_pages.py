"""Superset's pages as a person sees them: log in, open a dashboard, wait for every chart."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, Response

from ingest.dashboards.spec import Dashboard, Tab

WIDTH, HEIGHT = 1600, 2000
PATIENCE_SECONDS = 90.0
STABLE_SECONDS = 0.3
# a period with everything in it: a chart that follows the period asks for it by name
EVER = ("2000-01-01", "2100-01-01")
TABS = "[data-test=dashboard-component-tabs] [role=tab]"
# tiles of charts on the open tab: other tabs stay in the page, texts have tiles, too. A chart's
# container is there before the program that draws it has been loaded: an empty one is not drawn.
TILES = """
() => {
  const hasContent = (chart) =>
    Boolean(chart?.innerText.trim() || chart?.querySelector('canvas, svg'));
  return [...document.querySelectorAll('[data-test=dashboard-component-chart-holder]')]
    .filter((tile) => tile.checkVisibility() && tile.querySelector('[data-test=slice-header]'))
    .map((tile) => ({
        title: tile.querySelector('[data-test=slice-header]').innerText.split('\\n')[0],
        text: tile.querySelector('[data-test=slice-container]')?.innerText ?? '',
        error: tile.querySelector('.ant-alert-error')?.innerText ?? null,
        is_empty: tile.querySelector('.ant-empty') !== null || tile.innerText.includes('No data'),
        is_drawn: hasContent(tile.querySelector('[data-test=slice-container]')),
        is_loading: tile.querySelector('[data-test=loading-indicator]') !== null,
    }));
}
"""


@dataclass
class Screen:
    """One logged-in page. Every answer to a chart's query is kept, with what went wrong.

    `landed` is the path of the first page after the login.
    """

    page: Page
    url: str
    landed: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    kept_out: set[str] = field(default_factory=set)  # addresses elsewhere the policy refused

    def open(self, address: str, charts: int = 1, period: tuple[str, str] | None = None) -> None:
        """Go to a dashboard and wait until so many charts of its first tab are drawn."""
        self.answers.clear()
        self.failures.clear()  # those of the dashboard before
        mask = ""
        if period:
            value = f"'{period[0]} : {period[1]}'"
            mask = "&native_filters=(NATIVE_FILTER-period:(id:NATIVE_FILTER-period,"
            mask += f"extraFormData:(time_range:{value}),filterState:(value:{value})))"
        self.page.goto(f"{self.url}/superset/dashboard/{address}/?standalone=2{mask}")
        self.page.wait_for_selector("[data-test=dashboard-component-tabs], .ant-empty")
        self.wait(charts)

    def look_through(self, spec: Dashboard, period: tuple[str, str] | None = None) -> Iterator[Tab]:
        """Open every tab of a dashboard. Each has all its charts, and none failed or is empty."""
        self.open(spec.address, _count(spec.tabs[0]), period)
        assert self.tabs() == [*(tab.title for tab in spec.tabs), "Help"]
        for tab in spec.tabs:
            self.show(tab.title, _count(tab))
            problems = self.problems()
            assert not problems, f"{spec.address}, {tab.title}: {problems}"
            expected = {"Data as of (UTC)", *(chart.title for row in tab.rows for chart in row)}
            assert set(self.chart_titles()) == expected
            yield tab

    def tabs(self) -> list[str]:
        """Titles of the dashboard's tabs."""
        return [text.strip() for text in self.page.locator(TABS).all_inner_texts()]

    def show(self, tab: str, charts: int = 1) -> None:
        """Open a tab and wait for so many charts: its own, and the tile above the tabs."""
        name = re.compile(f"^\\s*{re.escape(tab)}\\s*$")
        self.page.locator(TABS).filter(has_text=name).first.click()
        self.wait(charts)

    def wait(self, charts: int) -> None:
        """Until so many charts are there, all drawn or failed, and that stays so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        settled_since: float | None = None
        while time.monotonic() < deadline:
            if self._is_settled(charts):
                settled_since = settled_since or time.monotonic()
                if time.monotonic() - settled_since > STABLE_SECONDS:
                    return
            else:
                settled_since = None
            self.page.wait_for_timeout(50)
        self.failures.append("charts still load")

    def problems(self) -> list[str]:
        """Errors and empty charts on the open tab, and failed queries, by title of the chart."""
        found = list(self.failures)
        for tile in self._tiles():
            if tile["error"]:
                found.append(f"{tile['title']}: {tile['error']}")
            elif tile["is_empty"]:
                found.append(f"{tile['title']}: empty")
        return found

    def text(self, title: str) -> str:
        """What a chart shows: not its title, nor how many filters it follows."""
        (tile,) = [tile for tile in self._tiles() if tile["title"] == title]
        return str(tile["text"]).strip()

    def chart_titles(self) -> list[str]:
        """Titles of the charts of the open tab."""
        return [tile["title"] for tile in self._tiles()]

    def queries(self) -> dict[int, str]:
        """SQL of the charts that have answered since the dashboard was opened, by their number."""
        return {
            answer["asked"]["form_data"]["slice_id"]: answer["result"][0]["query"]
            for answer in self.answers
            if "slice_id" in answer["asked"]["form_data"]
        }

    def picture(self, file: Path) -> None:
        """A screenshot of the tall window: a page is drawn only where one looks."""
        self.page.screenshot(path=file)

    def _tiles(self) -> list[dict[str, Any]]:
        tiles: list[dict[str, Any]] = self.page.evaluate(TILES)
        return tiles

    def _is_settled(self, charts: int) -> bool:
        tiles = self._tiles()
        done = [t for t in tiles if t["error"] or (t["is_drawn"] and not t["is_loading"])]
        return charts <= len(tiles) == len(done)


def _count(tab: Tab) -> int:
    """Charts of a tab, with the tile above."""
    return 1 + sum(len(row) for row in tab.rows)


def log_in(browser: Browser, url: str, user: str, password: str) -> Screen:
    """A page of its own, logged in by the form."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_default_timeout(60_000)
    screen = Screen(page, url)
    page.goto(f"{url}/login/")
    page.fill("#username, [name=username]", user)
    page.fill("#password, [name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(re.compile(r"^(?!.*/login).*$"))
    screen.landed = urlsplit(page.url).path  # pages add keys of filters to it
    page.goto("about:blank")  # nobody waits for the charts of the first page
    page.on("response", lambda response: _keep(screen, response))
    page.on("requestfinished", lambda request: _look_elsewhere(screen, request))
    page.on("requestfailed", lambda request: _look_elsewhere(screen, request))
    return screen


def _keep(screen: Screen, response: Response) -> None:
    if "/api/v1/chart/data" not in response.url:
        return
    if response.status >= 400:
        screen.failures.append(f"query: {response.status} {response.text()[:300]}")
        return
    answer = {"asked": response.request.post_data_json, **response.json()}
    screen.answers.append(answer)
    for asked, result in zip(answer["asked"]["queries"], answer["result"], strict=True):
        if _says_nothing(asked, result["data"]):  # drawn as an empty canvas, which looks fine
            number = answer["asked"]["form_data"].get("slice_id")
            screen.failures.append(f"chart {number}: every value of {asked['metrics']} is null")


def _says_nothing(asked: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    """Whether there are rows, and not one value in them beside what they are split by."""
    split = {column if isinstance(column, str) else column["label"] for column in asked["columns"]}
    values = [value for row in rows for name, value in row.items() if name not in split]
    return bool(values) and all(value is None for value in values)


def _look_elsewhere(screen: Screen, request: Request) -> None:
    """Nothing but this server is asked: the policy stops it, not that there is no network."""
    if not request.url.startswith((screen.url, "about:", "blob:", "data:")):
        if request.failure == "csp":
            screen.kept_out.add(request.url)
        else:
            screen.failures.append(f"asked elsewhere: {request.url} ({request.failure})")
