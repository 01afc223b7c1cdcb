"""Which columns of a select carry the values of which columns it reads, by sqlglot.

A value is carried by whatever could give it away: casts, parts, hashes, the largest of several, a
list of all. It is not carried by what only asks about it: a comparison, a count, a condition, the
order of rows. dbt-colibri, which draws lineage for people, does not tell these two apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

Column = tuple[str, str]  # schema.relation, column
Outputs = dict[str, set[Column]]

JSON = (exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract, exp.JSONBExtractScalar)
# what asks about a value, or leaves of it how many or how long it is
_ASKS = (exp.Predicate, exp.Connector, exp.Not, exp.Exists, exp.Count, exp.Length, exp.ArraySize)
_COUNTING = {"cardinality", "jsonb_array_length", "num_nonnulls"}
# the arguments that carry, where others are a condition, a group or an order
_CARRYING: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Window: ("this",),
    exp.Filter: ("this",),
    exp.Nullif: ("this",),
    exp.If: ("true", "false"),
    exp.Case: ("ifs", "default"),
}


@dataclass
class Lineage:
    """Reads selects of Postgres against the columns of the relations in `schema`.

    `is_cleansed` says of an expression that its result gives none of its columns away.
    """

    schema: MappingSchema
    is_cleansed: Callable[[exp.Expr], bool] = lambda node: False
    _known: dict[int, Outputs] = field(default_factory=dict)

    def carried(self, sql: str) -> Outputs:
        """Column of the result -> columns of relations whose values it carries."""
        tree = qualify(
            parse_one(sql, dialect="postgres"),
            dialect="postgres",
            schema=self.schema,
            identify=False,
            validate_qualify_columns=False,
            allow_partial_qualification=True,
        )
        scopes = traverse_scope(tree)
        self._known = {}
        # what the step of a recursive query adds is known after the second round
        for _ in range(2 if "recursive" in sql.lower() else 1):
            for scope in scopes:
                self._known[id(scope.expression)] = self._outputs(scope)
        return self._known[id(scopes[-1].expression)]

    def _outputs(self, scope: Scope) -> Outputs:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            branches = [self._known.get(id(s.expression), {}) for s in scope.union_scopes]
            columns = zip(*(branch.values() for branch in branches), strict=False)
            return {
                name: set[Column]().union(*carried)
                for name, carried in zip(branches[0], columns, strict=False)
            }
        if isinstance(expression, exp.Select):
            return {s.alias_or_name: self._columns(s, scope) for s in expression.selects}
        if isinstance(expression.this, exp.Subquery):  # lateral (select ...)
            return self._known[id(expression.this.this)]
        return {}

    def _columns(self, node: exp.Expr, scope: Scope) -> set[Column]:
        """Columns of relations whose values `node` carries."""
        if isinstance(node, exp.Column):
            return self._origins(node, scope)
        if isinstance(node, exp.Query):
            return set[Column]().union(*self._known.get(id(node.unnest()), {}).values())
        if self.is_cleansed(node):
            return set()
        if isinstance(node, JSON):  # judged as a whole: the names on the way belong together
            return self._columns(document(node), scope)
        return set[Column]().union(*(self._columns(part, scope) for part in _carrying(node)))

    def _origins(self, column: exp.Column, scope: Scope) -> set[Column]:
        while column.table not in scope.sources and scope.parent:  # of the query around it
            scope = scope.parent
        source = scope.sources.get(column.table)
        if source is None:
            raise LookupError(f"{column.sql()} belongs to no relation")
        if isinstance(source, Scope):
            outputs = self._known.get(id(source.expression), {})
            if isinstance(source.expression, exp.UDTF) and not outputs:
                return self._of_function(source.expression, column.name, source)
            return outputs.get(column.name, set())
        if not isinstance(source, exp.Table):
            return set()
        if isinstance(source.this, exp.Identifier):
            return {(f"{source.db}.{source.name}", column.name)}
        return self._of_function(source, column.name, scope)

    def _of_function(self, source: exp.Expr, name: str, scope: Scope) -> set[Column]:
        """What a column of a function in FROM carries; a record's is a part of its document."""
        part: exp.Expr = source
        if isinstance(source.this, exp.Anonymous) and source.this.name.startswith("jsonb_to_rec"):
            types = {c.name: c.args.get("kind") for c in source.args["alias"].columns}
            is_json = "json" in str(types.get(name, "")).lower()
            kind = exp.JSONExtract if is_json else exp.JSONExtractScalar
            path = exp.JSONPath(expressions=[exp.JSONPathRoot(), exp.JSONPathKey(this=name)])
            part = kind(this=source.this.expressions[0].copy(), expression=path)
        return self._columns(part, scope)


def document(node: exp.Expr) -> exp.Expr:
    """The expression that `a -> 'b' ->> 'c'` takes a part of: a."""
    while isinstance(node, JSON):
        node = node.this.unnest()
    return node


def _carrying(node: exp.Expr) -> Iterator[exp.Expr]:
    """The arguments of `node` whose values its result carries."""
    if isinstance(node, _ASKS) or node.name.lower() in _COUNTING:
        return
    names: tuple[str, ...] = tuple(node.args)
    for kind, carrying in _CARRYING.items():
        if isinstance(node, kind):
            names = carrying
    if isinstance(node, exp.Order) and node.this:  # array_agg(value order by ...)
        names = ("this",)
    for name in names:
        value = node.args.get(name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, exp.Expr):
                yield part
