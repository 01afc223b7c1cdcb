"""The project as dbt parses it. That takes half a minute, so a process does it once."""

import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import chain
from pathlib import Path
from pprint import pformat
from typing import Any

from dbt.artifacts.resources.base import FileHash
from dbt.config.runtime import load_profile
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumaro_encoder
from dbt.version import __version__
from dbt_common.context import set_invocation_context

from ingest.settings import PROJECT_DIR

_first: tuple[str, bytes] | None = None


def manifest_for(database: str, parse: Callable[[], Manifest]) -> Any:
    """A manifest of its own for a warehouse: `parse`, or a copy of what an earlier one gave.

    Of the warehouse a manifest holds the name of its database, nothing else.
    """
    global _first
    if _first is None:
        manifest = parse()
        _first = (database, pickle.dumps(_parts(manifest)))
        return manifest
    first, pickled = _first
    copy: Any = Manifest(**pickle.loads(pickled))  # noqa: S301
    for relation in _relations(copy):
        relation.database = database
        if relation.relation_name:
            relation.relation_name = relation.relation_name.replace(f'"{first}"', f'"{database}"')
    copy.build_flat_graph()
    return copy


def leave(manifest: Any, target: Path, variables: dict[str, Any]) -> None:
    """Write into `target` what the next dbt process goes on with, as if it had parsed it there.

    With these variables of dbt, and with what the environment says of the warehouse. dbt compares,
    and parses anew if anything is not as it was.
    """
    set_invocation_context(os.environ)  # where dbt looks for variables
    credentials: Any = load_profile(str(PROJECT_DIR), {}).credentials
    connection = pformat(sorted(credentials.connection_info()))
    asked = "\x00".join([pformat(variables), "", "", __version__])  # no other profile or target
    manifest.state_check.vars_hash = FileHash.from_contents(asked)
    manifest.state_check.profile_hash = FileHash.from_contents(connection)
    target.mkdir(parents=True, exist_ok=True)
    (target / PARTIAL_PARSE_FILE_NAME).write_bytes(manifest.to_msgpack(extended_mashumaro_encoder))


def _parts(manifest: Manifest) -> dict[str, Any]:
    """What was parsed, without what dbt derives from it."""
    names = [field.name for field in fields(manifest)]
    kept = [name for name in names if not name.startswith("_") and name != "flat_graph"]
    return {name: getattr(manifest, name) for name in kept}


def _relations(manifest: Manifest) -> Iterator[Any]:
    """Whatever stands in the database; metrics name their tables once more."""
    yield from chain(manifest.nodes.values(), manifest.sources.values())
    for model in manifest.semantic_models.values():
        yield model.node_relation
