"""Rules of layers that dbt-bouncer has no check for."""

from pathlib import Path
from typing import Any

from dbt_bouncer.check_framework.decorator import check, fail

PREFIXES = {"staging": "stg", "intermediate": "int"}
KINDS = ("dim_", "fact_", "bridge_", "bi_", "secure_", "site_summary")
# marts beside the tables of the loaders, and views that show each viewer the own rows
SCHEMAS = {"ops": "ops", "secure": "secure"}


@check
def check_model_is_named_after_its_folder(model: Any) -> None:
    """Staging and intermediate models start with layer and domain, marts stand in its schema.

    Some marts have schemas of their own name.
    """
    layer, domain = Path(model.original_file_path).parts[1:3]
    prefix = PREFIXES.get(layer)
    if prefix and not model.name.startswith(f"{prefix}_{domain}__"):
        fail(f"`{model.name}` is in {layer}/{domain}: its name starts with {prefix}_{domain}__.")
    schema = SCHEMAS.get(domain, f"marts_{domain}")
    if layer == "marts" and model.schema_ != schema:
        fail(f"`{model.name}` is in marts/{domain} and belongs into schema {schema}.")


@check
def check_mart_is_named_after_its_kind(model: Any) -> None:
    """A mart is named after its kind, or sums up facts, is named after them and says so."""
    is_aggregate = (model.config.meta or {}).get("kind") == "aggregate"
    if not model.name.startswith(KINDS) and not is_aggregate:
        fail(f"`{model.name}` has no prefix: call it {KINDS}, or give it `meta.kind: aggregate`.")


@check
def check_model_reads(model: Any, ctx: Any, *, permitted: list[str]) -> None:
    """What a model reads is of the permitted kinds, and models are this project's own."""
    project = ctx.manifest_obj.manifest.metadata.project_name
    for parent in model.depends_on.nodes or []:
        kind, package = parent.split(".")[:2]
        if kind not in permitted or package != project:
            fail(f"`{model.name}` reads `{parent}`, its layer reads only {permitted}.")
