"""The project as dbt parses it. That takes half a minute, so a process does it once."""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import chain
from typing import Any

from dbt.contracts.graph.manifest import Manifest

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
