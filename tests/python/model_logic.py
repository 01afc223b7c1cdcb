"""Which models compute something, and what proves what they compute."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.settings import PROJECT_DIR

Artifact = dict[str, Any]

# What macros write is proved with the macro, text and comments compute nothing.
_NOT_WRITTEN_HERE = re.compile(
    r"\{#.*?#\}|--[^\n]*|\{%.*?%\}|\{\{.*?\}\}|'(?:[^']|'')*'", re.DOTALL
)
# A model has logic if its own SQL does more than select, rename, cast, fill in, join on equality
# and filter by equality: if it decides, groups, compares, counts, unfolds or calculates.
_LOGIC = re.compile(
    r"\b(case|group by|having|distinct|union|intersect|except|exists|lateral|recursive|over|filter"
    r"|window|between|greatest|least)\b"
    r"|\b(sum|count|min|max|avg|mode|bool_or|bool_and|array_agg|string_agg|jsonb_agg"
    r"|jsonb_object_agg|percentile_cont)\s*\("
    r"|(?<![-<>])[<>]=?(?![<>])"  # less, more; neither <> nor the arrows of JSON
    r"| [-+/] |(?<!select) \* (?!from)"
)


def has_logic(raw_code: str) -> bool:
    """True for SQL (Jinja included) that a unit test could find wrong."""
    return _LOGIC.search(_NOT_WRITTEN_HERE.sub("'x'", raw_code)) is not None


def unproved_models(manifest: Artifact) -> list[str]:
    """Models with logic and neither a unit test nor a `meta.proof` that exists.

    A proof is the name of a singular data test, or `tests/python/test_x.py::test_y`.
    """
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    singular = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and not node.get("test_metadata")
    }
    return sorted(
        problem
        for node in manifest["nodes"].values()
        if _is_own_model(node, manifest)
        for problem in _problems(node, node["name"] in tested, singular)
    )


def _problems(node: Artifact, is_tested: bool, singular: set[str]) -> Iterator[str]:
    proof = node["config"]["meta"].get("proof")
    if proof and not (proof in singular or _is_pytest(proof)):
        yield f"{node['name']}: no test is called {proof}"
    elif has_logic(node["raw_code"]) and not is_tested and not proof:
        yield f"{node['name']}: no unit test, no meta.proof"


def _is_pytest(proof: str) -> bool:
    path, _, name = proof.partition("::")
    file = PROJECT_DIR / path
    is_test = Path(path).parts[:2] == ("tests", "python") and file.is_file()
    return is_test and f"\ndef {name}(" in file.read_text()


def _is_own_model(node: Artifact, manifest: Artifact) -> bool:
    project = manifest["metadata"]["project_name"]
    return node["resource_type"] == "model" and bool(node["package_name"] == project)
