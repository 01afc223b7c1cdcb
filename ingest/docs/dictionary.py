"""The data dictionary: what every mart holds, written from the project itself."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

Manifest = dict[str, Any]
Node = dict[str, Any]

_INTRODUCTION = """\
# Data dictionary

Every table people query: what one row is, how it comes about, and each of its columns. Written by
`make docs` from the models and the YAML beside them; whoever edits this page by hand fails a test.

**Personal** columns carry data of a person, or a pseudonym of one (`meta.pii`). Names, e-mail
addresses and account ids are in no mart. *Key* is what no two rows share. *Built from* are the
relations a model reads, *steps* are the parts of its SQL in their order.
"""
# a common table expression and the comment above it
_STEP = re.compile(
    r"(?P<comment>(?:^ *--(?!-)[^\n]*\n)*)"
    r"^(?:with )?(?P<name>\w+) as (?:(?:not )?materialized )?\(\n(?P<body>.*?)^\)",
    re.MULTILINE | re.DOTALL,
)
_IMPORT = re.compile(
    r"\s*select \*\s*from \{\{ ?(ref|source)\([^)]*\) ?\}\}\s*(where .*)?", re.DOTALL
)


def data_dictionary(manifest: Manifest) -> str:
    """Markdown of all marts in dbt's manifest (as JSON), by schema and name."""
    marts = sorted(_marts(manifest), key=itemgetter("schema", "name"))
    schemas = [(name, list(models)) for name, models in groupby(marts, key=itemgetter("schema"))]
    lines = [_INTRODUCTION, *_contents(schemas)]
    for schema, models in schemas:
        lines += ["", f"## {schema}"]
        for model in models:
            lines += ["", *_entry(model, manifest)]
    return "\n".join(lines) + "\n"


def _marts(manifest: Manifest) -> Iterator[Node]:
    project = manifest["metadata"]["project_name"]
    for node in manifest["nodes"].values():
        is_own_model = node["resource_type"] == "model" and node["package_name"] == project
        if is_own_model and node["original_file_path"].startswith("models/marts/"):
            yield node


def _contents(schemas: Iterable[tuple[str, list[Node]]]) -> Iterator[str]:
    yield "| schema | tables |"
    yield "|---|---|"
    for schema, models in schemas:
        links = ", ".join(f"[{model['name']}](#{model['name']})" for model in models)
        yield f"| [{schema}](#{schema}) | {links} |"


def _entry(model: Node, manifest: Manifest) -> Iterator[str]:
    yield f"### {model['name']}"
    yield ""
    yield _one_line(model["description"])
    yield ""
    materialized = model["config"]["materialized"]
    yield f"- **key**: {_names(_grain(model))}"
    yield f"- **built as**: {materialized}, from {_names(_parents(model, manifest))}"
    if steps := list(_steps(model["raw_code"])):
        yield f"- **steps**: {', '.join(steps)}"
    yield ""
    yield "| column | type | personal | what it is |"
    yield "|---|---|---|---|"
    for column in model["columns"].values():
        personal = "yes" if column["config"]["meta"].get("pii") else ""
        text = _one_line(column["description"]).replace("|", "\\|")
        yield f"| `{column['name']}` | {column['data_type']} | {personal} | {text} |"


def _grain(model: Node) -> list[str]:
    grain = model["config"]["meta"]["grain"]
    return [grain] if isinstance(grain, str) else list(grain)


def _parents(model: Node, manifest: Manifest) -> list[str]:
    known = manifest["nodes"] | manifest["sources"]
    return sorted({known[id_]["name"] for id_ in model["depends_on"]["nodes"]})


def _steps(code: str) -> Iterator[str]:
    """Names of the CTEs that do something, each with the comment above it."""
    for step in _STEP.finditer(code):
        if step["name"] != "final" and not _IMPORT.fullmatch(step["body"]):
            comment = " ".join(line.strip(" -") for line in step["comment"].splitlines())
            yield f"`{step['name']}`" + (f" ({comment})" if comment else "")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _one_line(text: str) -> str:
    return " ".join(text.split())
