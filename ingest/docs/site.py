"""The docs site: dbt's pages, lineage of columns, the data dictionary, on an index page."""

import html
import json
import logging
import shutil
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any

from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
from dbt_colibri.report.generator import DbtColibriReportGenerator
from markdown_it import MarkdownIt

from ingest.docs.dictionary import Manifest, data_dictionary
from ingest.report import REPORT_PAGE
from ingest.settings import PROJECT_DIR

SITE = PROJECT_DIR / "target" / "docs"
DICTIONARY = PROJECT_DIR / "docs" / "data_dictionary.md"
UNREAD = "lineage_errors.json"  # models whose columns could not be followed, if any
_FRAME = Path(__file__).with_name("frame.html")

# page of the site, what it is called, what it is for
_PAGES = (
    ("dictionary.html", "Data dictionary", "What every mart holds: grain, steps, columns, types."),
    ("dbt.html", "dbt docs", "Every model with its SQL, its tests and the graph it stands in."),
    ("lineage.html", "Column lineage", "Where each column comes from, and where it goes."),
    ("report.html", "Report on data quality", "What the tests found, run by run."),
)


def write_site(artifacts: Path, site: Path = SITE) -> Path:
    """Write all pages into `site`; path of the index page.

    `artifacts` holds dbt's manifest.json (compiled), catalog.json and static_index.html of the
    built warehouse. Pages open from disk and ask nothing of the network.
    """
    write_pages(artifacts, site)
    return write_index(artifacts, site)


def write_pages(artifacts: Path, site: Path = SITE) -> None:
    """Write dbt's docs, the lineage of columns and the data dictionary."""
    site.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(artifacts / "static_index.html", site / "dbt.html")
    _write_lineage(artifacts, site)
    markdown = MarkdownIt("commonmark").enable("table")
    dictionary = markdown.render(data_dictionary(_manifest(artifacts)))
    (site / "dictionary.html").write_text(_page("Data dictionary", _with_anchors(dictionary)))


def write_index(artifacts: Path, site: Path = SITE) -> Path:
    """Write the page that leads to the others, the last report among them; its path."""
    if REPORT_PAGE.exists():
        shutil.copyfile(REPORT_PAGE, site / "report.html")
    index = site / "index.html"
    index.write_text(_page("Coursehouse", _index(_manifest(artifacts), site)))
    return index


def write_dictionary(artifacts: Path) -> None:
    """Bring docs/data_dictionary.md up to date with dbt's manifest.json in `artifacts`."""
    DICTIONARY.write_text(data_dictionary(_manifest(artifacts)))


def site_server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server of `site` that listens on 127.0.0.1; the caller lets it serve.

    Port 0 takes a free one. `OSError` if the port is taken.
    """
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_QuietHandler, directory=str(site)))


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads a line per request."""


def _manifest(artifacts: Path) -> Manifest:
    manifest: Manifest = json.loads((artifacts / "manifest.json").read_text())
    return manifest


def _write_lineage(artifacts: Path, site: Path) -> None:
    logging.getLogger("colibri").setLevel(logging.CRITICAL)
    extractor = DbtColumnLineageExtractor(
        str(artifacts / "manifest.json"), str(artifacts / "catalog.json")
    )
    scratch = site / "lineage"
    # telemetry is on by default; light leaves out the SQL, which dbt docs have
    DbtColibriReportGenerator(extractor, light_mode=True, disable_telemetry=True).generate_report(
        str(scratch)
    )
    (scratch / "index.html").replace(site / "lineage.html")
    unread = site / UNREAD
    unread.unlink(missing_ok=True)
    if (scratch / "colibri-parsing-errors.json").exists():
        (scratch / "colibri-parsing-errors.json").replace(unread)
    shutil.rmtree(scratch)


def _index(manifest: Manifest, site: Path) -> str:
    nodes = manifest["nodes"].values()
    counts = {
        kind: sum(node["resource_type"] == kind for node in nodes) for kind in ("model", "test")
    }
    links = "".join(
        f'<li><a href="{page}">{name}</a><p>{purpose}</p></li>'
        for page, name, purpose in _PAGES
        if (site / page).exists()
    )
    return (
        f"<h1>Coursehouse</h1><p>{counts['model']} models, {counts['test']:,} tests,"
        f" {len(manifest['sources'])} raw tables; written"
        f" {datetime.now(UTC):%d %b %Y %H:%M} UTC.</p><ul class='pages'>{links}</ul>"
    )


def _with_anchors(page: str) -> str:
    """Headings that the links of the table of contents lead to."""
    for level in ("h2", "h3"):
        parts = page.split(f"<{level}>")
        page = parts[0] + "".join(
            f'<{level} id="{part.partition("<")[0]}">{part}' for part in parts[1:]
        )
    return page


def _page(title: str, body: str) -> str:
    frame = Template(_FRAME.read_text())
    return frame.substitute(title=html.escape(title), body=body)
