"""Where personal data goes: `meta.pii` follows it from column to column.

Whatever carries the value of a tagged column is tagged itself, or says why it need not be:
`meta: {pii: false, cleansed_by: ...}`. Cleansed without a word is what a count, a comparison or a
condition leaves (column_lineage), a surrogate key of a row, and what is taken out of a document by
a name that is not a person's. Pseudonyms and truncated addresses are personal still.
"""

from collections.abc import Iterator
from typing import Any

from column_lineage import JSON, Lineage
from sqlglot import exp
from sqlglot.schema import MappingSchema

# Documents hold more than what is personal in them. Parts that are documents again:
DOCUMENTS = {"data", "object", "metadata", "properties", "previous_attributes", "refs", "subject"}
# and names under which they tell of a person:
PERSONAL_NAMES = {
    *("user_id", "student_id", "userid", "relateduserid", "realuserid", "session_id"),
    *("moodle_user_id", "learner_user_ids", "customer", "email", "name", "phone", "address"),
    *("ip", "ip_network", "user_agent", "country"),
}
# Raw columns that are personal by their name, in whatever table.
RAW_NAMES = {
    *("userid", "useridfrom", "useridto", "relateduserid", "realuserid", "authorid", "ownerid"),
    *("username", "firstname", "lastname", "middlename", "alternatename", "email", "phone1"),
    *("phone2", "address", "city", "institution", "department", "ip", "lastip", "loggeduser"),
    *("lastnamephonetic", "firstnamephonetic", "usermodified", "usercreated", "createdby"),
    *("modifiedby", "modifierid", "grader", "payload"),
}
_RELATIONS = ("model", "seed", "snapshot", "source")

Artifact = dict[str, Any]


def untagged_columns(manifest: Artifact, catalog: Artifact) -> list[str]:
    """Columns that carry personal data and do not say so, each with where it comes from.

    `manifest` is dbt's after compiling, `catalog` that of the built warehouse.
    """
    nodes = {id_: node for id_, node in _nodes(manifest).items() if _is_relation(node)}
    project = manifest["metadata"]["project_name"]
    lineage = Lineage(_schema(nodes, catalog), _is_cleansed)
    personal = {
        (_relation(node), name)
        for node in nodes.values()
        for name, column in node["columns"].items()
        if _meta(column).get("pii")
    }
    wrong = list(_untagged_raw(nodes, catalog))
    for node in nodes.values():
        if not node.get("compiled_code") or node["package_name"] != project:
            continue
        for name, carried in lineage.carried(node["compiled_code"]).items():
            origins = sorted(carried & personal)
            if origins and not _is_settled(node["columns"].get(name)):
                wrong.append(f"{_relation(node)}.{name} carries {'.'.join(origins[0])}")
    return sorted(wrong)


def _untagged_raw(nodes: Artifact, catalog: Artifact) -> Iterator[str]:
    for id_, node in nodes.items():
        if node["resource_type"] == "source":
            for name in _built_columns(id_, catalog):
                if name in RAW_NAMES and not _is_settled(node["columns"].get(name)):
                    yield f"{_relation(node)}.{name} is personal by its name"


def _is_cleansed(node: exp.Expr) -> bool:
    if isinstance(node, exp.MD5):
        return isinstance(node.this, exp.ConcatWs)  # as macro surrogate_key writes it
    if not isinstance(node, JSON):
        return False
    names = list(_names_on_the_way(node))
    is_document = isinstance(node, exp.JSONExtract | exp.JSONBExtract)
    return bool(names) and not (
        PERSONAL_NAMES.intersection(names) or (is_document and names[-1] in DOCUMENTS)
    )


def _names_on_the_way(node: exp.Expr) -> Iterator[str]:
    """From a document to a part of it: `payload -> 'user_id' #>> '{}'` goes by user_id."""
    if isinstance(node, JSON):
        yield from _names_on_the_way(node.this.unnest())
        yield from (key.name for key in node.expression.find_all(exp.JSONPathKey))
    elif isinstance(node, exp.Column) and node.name in PERSONAL_NAMES:
        yield node.name


def _is_settled(column: Artifact | None) -> bool:
    """It is tagged, or says what took away the personal."""
    meta = _meta(column or {})
    return bool(meta.get("pii") or (meta.get("pii") is False and meta.get("cleansed_by")))


def _meta(column: Artifact) -> Artifact:
    meta: Artifact = column.get("config", {}).get("meta") or {}
    return meta


def _nodes(manifest: Artifact) -> Artifact:
    return {**manifest["nodes"], **manifest["sources"]}


def _is_relation(node: Artifact) -> bool:
    return node["resource_type"] in _RELATIONS


def _relation(node: Artifact) -> str:
    return f"{node['schema']}.{node.get('alias') or node.get('identifier')}"


def _built_columns(id_: str, catalog: Artifact) -> dict[str, str]:
    built = catalog["nodes"].get(id_) or catalog["sources"].get(id_) or {"columns": {}}
    return {name: column["type"] for name, column in built["columns"].items()}


def _schema(nodes: Artifact, catalog: Artifact) -> MappingSchema:
    schema = MappingSchema(dialect="postgres")
    for id_, node in nodes.items():
        db, name = _relation(node).split(".")
        table = exp.table_(name, db=db, catalog=node["database"])
        schema.add_table(table, _built_columns(id_, catalog), match_depth=False)
    return schema
