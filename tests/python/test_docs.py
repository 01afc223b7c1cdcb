"""The docs site, read in a real browser that has no network, and the data dictionary."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect
from warehouse_fixtures import Artifacts

from ingest.docs.dictionary import data_dictionary
from ingest.docs.site import DICTIONARY, UNREAD, site_server, write_site
from ingest.settings import PROJECT_DIR

PATIENCE_MS = 120_000  # pages hold the whole project


@pytest.fixture(scope="module")
def site(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(artifacts.folder, tmp_path_factory.mktemp("site")).parent


@contextmanager
def opened(browser: Browser, file: Path, place: str = "") -> Iterator[Page]:
    """The page `file`; whatever it asks of the network, or trips over, fails the test."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri() + place)
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []


def test_the_index_leads_to_every_page(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html") as page:
        expect(page.get_by_text(re.compile(r"\d+ models, [\d,]+ tests"))).to_be_visible()
        for name in ("Data dictionary", "dbt docs", "Column lineage"):
            target = page.get_by_role("link", name=name, exact=True).get_attribute("href")
            assert target is not None
            assert (site / target).stat().st_size > 10_000


def test_the_page_of_a_model_says_what_it_holds(browser: Browser, site: Path) -> None:
    model = "#!/model/model.coursehouse.fact_session"
    with opened(browser, site / "dbt.html", model) as page:
        expect(page.get_by_text("Grain: one row per session").first).to_be_visible(
            timeout=PATIENCE_MS
        )
        expect(page.get_by_text("engaged_seconds").first).to_be_visible()


def test_the_lineage_shows_where_a_column_comes_from(browser: Browser, site: Path) -> None:
    model = "?model=model.coursehouse.fact_session&parents=1&children=0"
    with opened(browser, site / "lineage.html", model) as page:
        graph = page.locator(".react-flow")
        for node in ("fact_session", "fact_learning_event"):
            expect(graph.get_by_text(node, exact=True).first).to_be_visible(timeout=PATIENCE_MS)
        expect(graph.get_by_text("engaged_seconds", exact=True).first).to_be_visible()


def test_the_columns_of_every_model_can_be_followed(site: Path) -> None:
    errors = site / UNREAD
    assert not errors.exists(), errors.read_text()


def test_the_dictionary_leads_from_its_contents_to_a_mart(browser: Browser, site: Path) -> None:
    with opened(browser, site / "dictionary.html") as page:
        page.get_by_role("link", name="fact_session", exact=True).click()
        heading = page.get_by_role("heading", name="fact_session", exact=True)
        expect(heading).to_be_in_viewport()


def test_the_site_is_served_on_this_machine(site: Path) -> None:
    with site_server(site, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        assert server.server_address[0] == "127.0.0.1"
        with urlopen(f"http://127.0.0.1:{server.server_port}/") as answer:
            assert answer.read() == (site / "index.html").read_bytes()
        server.shutdown()
        thread.join()


def test_the_data_dictionary_is_that_of_the_project(artifacts: Artifacts) -> None:
    message = "bring it up to date: coursehouse docs --dictionary"
    assert DICTIONARY.read_text() == data_dictionary(artifacts.manifest), message


def test_the_dictionary_gives_grain_steps_columns_types_and_what_is_personal() -> None:
    text = data_dictionary(
        {
            "metadata": {"project_name": "house"},
            "sources": {},
            "nodes": {
                "model.house.int_days": {
                    "name": "int_days",
                    "resource_type": "model",
                    "package_name": "house",
                    "original_file_path": "models/intermediate/int_days.sql",
                },
                "model.house.visits": {
                    "name": "visits",
                    "schema": "marts_learning",
                    "resource_type": "model",
                    "package_name": "house",
                    "original_file_path": "models/marts/learning/visits.sql",
                    "description": "Grain: one row per visit,\nhowever long.",
                    "config": {"materialized": "table", "meta": {"grain": ["visit_id"]}},
                    "depends_on": {"nodes": ["model.house.int_days"]},
                    "raw_code": (
                        "with days as (\n\n    select * from {{ ref('int_days') }}\n\n),\n\n"
                        "-- night owls too\nvisits as (\n\n    select a from days\n\n),\n\n"
                        "final as (\n\n    select * from visits\n\n)\n\nselect * from final"
                    ),
                    "columns": {
                        "visit_id": {
                            "name": "visit_id",
                            "data_type": "text",
                            "description": "Id | of it.",
                            "config": {"meta": {"pii": True}},
                        }
                    },
                },
            },
        }
    )
    for line in (
        "| [marts_learning](#marts_learning) | [visits](#visits) |",
        "Grain: one row per visit, however long.",
        "- **key**: `visit_id`",
        "- **built as**: table, from `int_days`",
        "- **steps**: `visits` (night owls too)",
        "| `visit_id` | text | yes | Id \\| of it. |",
    ):
        assert f"\n{line}\n" in text
    assert "### int_days" not in text


def test_every_mart_that_code_reads_is_read_by_an_exposure(artifacts: Artifacts) -> None:
    exposed = {
        node.split(".")[-1]
        for exposure in artifacts.manifest["exposures"].values()
        for node in exposure["depends_on"]["nodes"]
    }
    marts = {
        (node["schema"], node["name"])
        for node in artifacts.manifest["nodes"].values()
        if node["original_file_path"].startswith("models/marts/")
        and node["resource_type"] == "model"
    }
    code = "".join(file.read_text() for file in (PROJECT_DIR / "ingest").rglob("*.py"))
    read = {(schema, name) for schema, name in re.findall(r"\b(marts_\w+|ops)\.(\w+)", code)}
    assert read & marts, "code reads no mart: this test looks at nothing"
    assert sorted(name for _, name in read & marts if name not in exposed) == []


def test_every_mart_with_metrics_is_read_by_their_exposure(artifacts: Artifacts) -> None:
    measured = {
        node
        for model in artifacts.manifest["semantic_models"].values()
        for node in model["depends_on"]["nodes"]
    }
    metrics = artifacts.manifest["exposures"]["exposure.coursehouse.semantic_metrics"]
    assert measured - set(metrics["depends_on"]["nodes"]) == set()
