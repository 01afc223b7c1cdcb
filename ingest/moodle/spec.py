"""The declarative load spec `tables.yml`, read and validated."""

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from ingest.errors import UserError

# libyaml reads 850 lines ten times faster; not every wheel of PyYAML has it
FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SPEC_FILE = Path(__file__).parent / "tables.yml"
# How many ids below the highest may still appear: sequences number rows before they commit.
ID_LAG = 50_000
DEFAULT_LAG = {"append": ID_LAG, "cursor": 86_400, "full": 0}
WarehouseType = Annotated[
    str, StringConstraints(pattern=r"^(bigint|text|double precision|numeric\(\d+,\d+\))$")
]
# Never extracted from any table, whatever a plugin calls its columns.
SECRET_COLUMNS = frozenset({"password", "secret", "token", "privatetoken", "privatekey", "salt"})


class RowFilter(BaseModel):
    """Read only the rows whose `column` holds one of `values`."""

    model_config = ConfigDict(extra="forbid")

    column: str
    values: list[str] = Field(min_length=1)


class TableSpec(BaseModel):
    """How one Moodle table is loaded.

    `load`: `append` reads rows above the highest id seen, `cursor` reads rows whose `cursor`
    moved and rows with new ids, `full` reads everything every time.
    `lag`: how far below the last position a load reads again, in ids (append) or seconds (cursor).
    `sweep`: whether keys are compared to find rows that were deleted in Moodle.
    `columns`: what the warehouse promises to have, with warehouse types.
    """

    model_config = ConfigDict(extra="forbid")

    load: Literal["append", "cursor", "full"]
    cursor: str | None = None
    lag: int = Field(default=-1, ge=-1)
    sweep: bool = True
    only: RowFilter | None = None
    exclude: frozenset[str] = frozenset()
    columns: dict[str, WarehouseType]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.load == "cursor") != (self.cursor is not None):
            raise ValueError("`cursor` goes with `load: cursor`, and only with it")
        if self.columns.get("id") != "bigint":
            raise ValueError("every table needs its key `id: bigint`")
        if self.cursor and self.columns.get(self.cursor) != "bigint":
            raise ValueError(f"cursor {self.cursor} must be a bigint column")
        hidden = (self.exclude | SECRET_COLUMNS) & self.columns.keys()
        if hidden:
            raise ValueError(f"{', '.join(sorted(hidden))} cannot be both excluded and promised")
        if self.lag < 0:
            self.lag = DEFAULT_LAG[self.load]
        return self


def read_spec(path: Path = SPEC_FILE) -> dict[str, TableSpec]:
    """Table name without prefix -> its spec. Raises `UserError` naming the first bad entry."""
    try:
        entries = yaml.load(path.read_text(), FAST_LOADER)["tables"].items()  # noqa: S506 - safe
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path.name}: no list of tables ({' '.join(str(error).split())})"
        ) from None
    spec = {}
    for name, entry in entries:
        try:
            spec[name] = TableSpec.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in (name, *first["loc"]))
            raise UserError(f"{path.name}: {where}: {first['msg']}") from None
    return spec


def select_tables(spec: dict[str, TableSpec], names: list[str] | None) -> dict[str, TableSpec]:
    """The part of `spec` a user asked for by name; all of it for `None`."""
    if not names:
        return spec
    unknown = sorted(set(names) - spec.keys())
    if unknown:
        raise UserError(f"no such Moodle table in the load spec: {', '.join(unknown)}")
    return {name: spec[name] for name in spec if name in names}
