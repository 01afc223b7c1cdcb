"""Which macros and tests a dbt package has, and which ones of packages a project uses."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.clients.yaml_helper import safe_load
from dbt_common.clients.jinja import get_environment
from jinja2 import nodes

from ingest.packages import PACKAGES

REQUIRED = "<required>"
_JINJA = get_environment(None)
# dbt cuts snapshots out before Jinja sees the file
_SNAPSHOT = re.compile(r"\{%-?\s*(end)?snapshot\b.*?%\}", re.DOTALL)


@dataclass(frozen=True)
class Signature:
    """Names of arguments with their defaults, in order; `is_open`: takes any others, too."""

    arguments: tuple[tuple[str, Any], ...]
    is_open: bool

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.arguments}


@dataclass(frozen=True)
class Use:
    """A macro or generic test of a package, and what it is given."""

    place: str
    package: str
    name: str
    positional: int
    named: frozenset[str]

    def problem(self, signature: Signature | None) -> str | None:
        """What is wrong with it."""
        called = f"{self.place}: {self.package}.{self.name}"
        if signature is None:
            return f"{called} does not exist"
        unknown = self.named - signature.names
        if unknown and not signature.is_open:
            return f"{called} knows no {', '.join(sorted(unknown))}"
        if self.positional > len(signature.arguments):
            return f"{called} does not take {self.positional} arguments"
        return None


def signatures(package: Path) -> dict[str, Signature]:
    """Name -> signature of every macro; a generic test x is the macro test_x."""
    found = {}
    for file in sorted((package / "macros").rglob("*.sql")):
        for macro in _parse(file.read_text()).find_all(nodes.Macro):
            names = [argument.name for argument in macro.args]
            defaults = [_constant(default) for default in macro.defaults]
            required = [REQUIRED] * (len(names) - len(defaults))
            uses_others = any(name.name == "kwargs" for name in macro.find_all(nodes.Name))
            found[macro.name.removeprefix("dbt_macro__")] = Signature(
                tuple(zip(names, required + defaults, strict=True)), uses_others
            )
    return found


def uses(files: Iterable[Path], root: Path) -> Iterator[Use]:
    """What SQL and YAML files use of the packages."""
    for file in files:
        place, text = str(file.relative_to(root)), file.read_text()
        for call in _parse(text).find_all(nodes.Call):
            macro = call.node
            if (
                isinstance(macro, nodes.Getattr)
                and isinstance(macro.node, nodes.Name)
                and macro.node.name in PACKAGES
            ):
                named = frozenset(argument.key for argument in call.kwargs)
                yield Use(place, macro.node.name, macro.attr, len(call.args), named)
        if file.suffix == ".yml":
            yield from _tests(safe_load(text), place, frozenset({"model"}))


def _tests(node: Any, place: str, implied: frozenset[str]) -> Iterator[Use]:
    """Generic tests in a YAML file. `implied`: arguments dbt itself gives."""
    if isinstance(node, list):
        for item in node:
            yield from _tests(item, place, implied)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        package, _, test = str(key).partition(".")
        if package in PACKAGES and test:
            named = implied | frozenset((value or {}).get("arguments", {}))
            yield Use(place, package, f"test_{test}", 0, named)
        else:
            inside = implied | {"column_name"} if key == "columns" else implied
            yield from _tests(value, place, inside)


def _parse(text: str) -> nodes.Template:
    return _JINJA.parse(_SNAPSHOT.sub("", text))


def _constant(default: nodes.Expr) -> Any:
    try:
        return default.as_const()
    except nodes.Impossible:
        return repr(default)
