"""A breach of every rule in dbt-bouncer.yml, as changes of a good manifest."""

from collections.abc import Callable
from typing import Any

Artifact = dict[str, Any]
ALIAS = "select a from {{ ref('dim_date') }} as days"


def _model(manifest: Artifact, name: str) -> Artifact:
    node: Artifact = manifest["nodes"][f"model.coursehouse.{name}"]
    return node


def _set(model: str, **values: Any) -> Callable[[Artifact], None]:
    return lambda manifest: _model(manifest, model).update(values)


def _reads(name: str, parent: str) -> Callable[[Artifact], None]:
    return lambda manifest: _model(manifest, name)["depends_on"]["nodes"].append(parent)


def _moved(name: str, folder: str) -> Callable[[Artifact], None]:
    return _set(name, original_file_path=f"{folder}/{name}.sql")


def _without_key_test(manifest: Artifact) -> None:
    for node in manifest["nodes"].values():
        if node.get("attached_node") == "model.coursehouse.dim_activity":
            node["attached_node"] = None


def _without_details(manifest: Artifact) -> None:
    model = _model(manifest, "dim_learner")
    for place in (model, model["config"]):  # dbt writes both twice
        place["meta"] = {}
        place["contract"]["enforced"] = False
    for column in model["columns"].values():
        column |= {"data_type": None, "description": ""}


def _macro(macro: str, **values: Any) -> Callable[[Artifact], None]:
    return lambda manifest: manifest["macros"][f"macro.coursehouse.{macro}"].update(values)


def _undescribed(manifest: Artifact) -> None:
    nodes = manifest["nodes"]
    nodes["seed.coursehouse.currencies"]["description"] = ""
    snapshot = nodes["snapshot.coursehouse.snap_moodle__users"]
    snapshot["description"] = ""
    snapshot["config"]["unique_key"] = None
    manifest["sources"]["source.coursehouse.moodle.mdl_user"] |= {
        "description": "",
        "freshness": None,
    }
    exposure = next(iter(manifest["exposures"].values()))
    exposure |= {"description": "", "owner": {}}
    exposure["depends_on"]["nodes"] = []


BREAKS: list[Callable[[Artifact], None]] = [
    _moved("fact_session", "models/reports/learning"),
    _moved("stg_stripe__events", "models/staging/payments"),
    _moved("int_cross__accounts", "models/intermediate/payments"),
    _moved("fact_charge", "models/marts/payments"),
    _set("stg_moodle__user", name="moodle_users"),
    _set("fact_grade", name="grades"),
    _set("stg_moodle__course", schema="public"),
    _set("pseudonyms", schema="public"),
    _set("int_cross__components", schema="public"),
    _set("fact_refund", patch_path="coursehouse://models/marts/finance/_finance__models.yml"),
    _set("fact_refund", original_file_path="models/marts/learning/fact_refund.sql"),
    _reads("stg_moodle__user", "snapshot.coursehouse.snap_moodle__users"),
    _reads("pseudonyms", "source.coursehouse.moodle.mdl_user"),
    _reads("pseudonyms", "model.coursehouse.dim_learner"),
    _reads("int_cross__claims", "model.another.payments"),
    _reads("int_cross__claims", "model.coursehouse.fact_session"),
    _reads("dim_course", "model.coursehouse.stg_moodle__course"),
    _set("stg_moodle__grade_items", raw_code="select id from raw_moodle.mdl_grade_items"),
    _set("dim_date", description="One row per day.", raw_code="\n".join(["select 1"] * 151)),
    _set("dim_time", raw_code=f"-- One row per minute.\n{ALIAS}"),
    _without_key_test,
    _without_details,
    _macro("truncate_ip", macro_sql=ALIAS),
    _macro("surrogate_key", description=""),
    _macro("date_key", arguments=[{"name": "date", "type": "string", "description": ""}]),
    _undescribed,
]
