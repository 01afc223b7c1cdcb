"""Where things stand on a dashboard: Superset's tree of rows, tabs and tiles."""

from typing import Any

from ingest.dashboards.spec import COLUMNS, Chart, Dashboard

ROW_META = {"background": "BACKGROUND_TRANSPARENT"}
AS_OF_WIDTH = 3
HEADER_HEIGHT = 14
HEIGHTS = {"number": 26, "number with trend": 30, "table": 54, "list": 54, "pivot": 54}
HEIGHT = 48
# of Markdown: characters of a line across the page, and units of 8 pixels of a line
LINE_CHARACTERS = 150
LINE_HEIGHT = 3.2

Tree = dict[str, Any]


def _widths(charts: list[Chart]) -> list[int]:
    """What is free is shared by charts without a width; the first ones get what does not divide."""
    free = COLUMNS - sum(chart.width or 0 for chart in charts)
    flexible = [number for number, chart in enumerate(charts) if chart.width is None]
    share, left = divmod(max(free, len(flexible)), len(flexible) or 1)
    shared = {number: share + (place < left) for place, number in enumerate(flexible)}
    return [chart.width or shared[number] for number, chart in enumerate(charts)]


class Layout:
    """Builds the tree. Ids are made of places, so the same spec gives the same tree."""

    def __init__(self, spec: Dashboard, chart_uuids: dict[str, str]) -> None:
        self.spec = spec
        self.chart_ids = {title: number for number, title in enumerate(chart_uuids, start=1)}
        self._uuids = chart_uuids
        self._tree: Tree = {
            "DASHBOARD_VERSION_KEY": "v2",
            "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
            "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
            "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": spec.title}},
        }

    def build(self, as_of: Chart, help_text: str) -> Tree:
        """The header with the tile `as_of`, the tabs of the spec, and the tab Help."""
        top = ["ROOT_ID", "GRID_ID"]
        header = self._add("ROW", "ROW-header", top, dict(ROW_META))
        above = [*top, header]
        width = COLUMNS - AS_OF_WIDTH
        self._markdown("MARKDOWN-header", above, self.spec.description, width, HEADER_HEIGHT)
        self._chart(as_of, "CHART-as-of", above, AS_OF_WIDTH, HEADER_HEIGHT)
        tabs = [*top, self._add("TABS", "TABS-main", top, {})]
        for number, tab in enumerate(self.spec.tabs, start=1):
            place = [*tabs, self._add("TAB", f"TAB-{number}", tabs, {"text": tab.title})]
            if tab.text:
                self._text(f"{number}-text", place, tab.text)
            for row_number, row in enumerate(tab.rows, start=1):
                self._row(f"{number}-{row_number}", place, row)
        self._text("help", [*tabs, self._add("TAB", "TAB-help", tabs, {"text": "Help"})], help_text)
        return self._tree

    def _row(self, name: str, parents: list[str], charts: list[Chart]) -> None:
        place = [*parents, self._add("ROW", f"ROW-{name}", parents, dict(ROW_META))]
        height = max(chart.height or HEIGHTS.get(chart.chart, HEIGHT) for chart in charts)
        for number, (chart, width) in enumerate(zip(charts, _widths(charts), strict=True), start=1):
            self._chart(chart, f"CHART-{name}-{number}", place, width, height)

    def _text(self, name: str, parents: list[str], text: str) -> None:
        place = [*parents, self._add("ROW", f"ROW-{name}", parents, dict(ROW_META))]
        lines = sum(1 + len(line) // LINE_CHARACTERS for line in text.splitlines())
        self._markdown(f"MARKDOWN-{name}", place, text, COLUMNS, 6 + round(lines * LINE_HEIGHT))

    def _markdown(self, name: str, parents: list[str], text: str, width: int, height: int) -> None:
        self._add("MARKDOWN", name, parents, {"code": text, "width": width, "height": height})

    def _chart(self, chart: Chart, name: str, parents: list[str], width: int, height: int) -> None:
        meta = {
            "uuid": self._uuids[chart.title],
            "chartId": self.chart_ids[chart.title],
            "sliceName": chart.title,
            "width": width,
            "height": height,
        }
        self._add("CHART", name, parents, meta)

    def _add(self, kind: str, name: str, parents: list[str], meta: Tree) -> str:
        self._tree[name] = {
            "type": kind,
            "id": name,
            "children": [],
            "parents": list(parents),
            "meta": meta,
        }
        self._tree[parents[-1]]["children"].append(name)
        return name
