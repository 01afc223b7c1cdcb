"""Cases of dbt_utils, and what its macros and those of dbt_date have to give."""

from package_cases import OTHER, Case, case

UTILS: list[Case] = [
    case(
        "accepted_range", "n integer", "(1), (3), (null)", "(1), (4)",
        column="n", min_value=1, max_value=3,
    ),
    case(
        "accepted_range", "n integer", "(2)", "(1)",
        column="n", min_value=1, inclusive=False,
    ),
    case("at_least_one", "n integer", "(null), (1)", "(null), (null)", column="n"),
    case(
        "at_least_one", "n integer, g text",
        "(null, 'a'), (1, 'a'), (2, 'b')", "(1, 'a'), (null, 'b')",
        column="n", group_by_columns=["g"],
    ),
    case(
        "cardinality_equality", "n integer", "(1), (1), (2)", "(1), (2), (2)",
        column="n", other="(2), (1), (1)", to=OTHER, field="n",
    ),
    case(
        "equal_rowcount", "n integer", "(1), (2)", "(1)", other="(3), (4)", compare_model=OTHER
    ),
    case(
        "equal_rowcount", "n integer, g text",
        "(1, 'a'), (2, 'b')", "(1, 'a'), (2, 'a')",
        other="(3, 'a'), (4, 'b')", compare_model=OTHER, group_by_columns=["g"],
    ),
    case(
        "equality", "n integer, t text",
        "(1, 'a'), (2, null)", "(1, 'a'), (2, 'b')",
        other="(2, null), (1, 'a')", compare_model=OTHER,
    ),
    case(
        "equality", "n integer, t text", "(1, 'x')", "(2, 'a')",
        other="(1, 'a')", compare_model=OTHER, compare_columns=["n"],
    ),
    case(
        "equality", "n integer, t text", "(1, 'x')", "(2, 'a')",
        other="(1, 'a')", compare_model=OTHER, exclude_columns=["T"],
    ),
    case(
        "equality", "n numeric", "(1.001)", "(1.01)",
        other="(1.0)", compare_model=OTHER, precision=2,
    ),
    case(
        "expression_is_true", "a integer, b integer",
        "(1, 2), (null, 1)", "(2, 1)", expression="a < b",
    ),
    case(
        "expression_is_true", "n integer", "(1)", "(0)", column="n", expression=">= 1"
    ),
    case(
        "mutually_exclusive_ranges", "a integer, b integer",
        "(1, 2), (2, 3), (5, 6)", "(1, 3), (2, 4)",
        lower_bound_column="a", upper_bound_column="b",
    ),
    case(
        "mutually_exclusive_ranges", "a integer, b integer",
        "(1, 2), (2, 3)", "(1, 2), (3, 4)",
        lower_bound_column="a", upper_bound_column="b", gaps="not_allowed",
    ),
    case(
        "mutually_exclusive_ranges", "a integer, b integer, g text",
        "(1, 2, 'x'), (3, 3, 'x'), (1, 9, 'y')", "(1, 2, 'x'), (2, 3, 'x')",
        lower_bound_column="a", upper_bound_column="b", partition_by="g", gaps="required",
        zero_length_range_allowed=True,
    ),
    case(
        "not_accepted_values", "t text", "('a'), (null)", "('b')", column="t", values=["b", "c"]
    ),
    case("not_accepted_values", "n integer", "(1)", "(3)", column="n", values=[2, 3], quote=False),
    case("not_constant", "n integer", "(1), (2)", "(1), (1)", column="n"),
    case(
        "not_constant", "n integer, g text",
        "(1, 'a'), (2, 'a'), (null, 'b')", "(1, 'a'), (2, 'a'), (3, 'b')",
        column="n", group_by_columns=["g"],
    ),
    case("not_empty_string", "t text", "('a'), (null)", "(' ')", column="t"),
    case("not_empty_string", "t text", "(' ')", "('')", column="t", trim_whitespace=False),
    case(
        "not_null_proportion", "n integer", "(1), (2), (null)", "(1), (null), (null)",
        column="n", at_least=0.5,
    ),
    case(
        "not_null_proportion", "n integer, g text",
        "(1, 'a'), (null, 'a')", "(1, 'a'), (null, 'a'), (1, 'b')",
        column="n", at_least=0.5, at_most=0.9, group_by_columns=["g"],
    ),
    case(
        "recency", "t timestamptz", "(now() - interval '1 hour')", "(now() - interval '3 days')",
        field="t", datepart="day", interval=1,
    ),
    case("recency", "t timestamptz", "(now())", "(null)", field="t", datepart="day", interval=1),
    case(
        "recency", "t timestamptz, g text",
        "(now(), 'a'), (now() - interval '1 day', 'b')",
        "(now(), 'a'), (now() - interval '9 days', 'b')",
        field="t", datepart="day", interval=1, ignore_time_component=True, group_by_columns=["g"],
    ),
    case(
        "relationships_where", "n integer, g text",
        "(1, 'a'), (null, 'a'), (7, 'b')", "(2, 'a')",
        column="n", other="(1, 'a'), (2, 'b')", to=OTHER, field="n",
        from_condition="g = 'a'", to_condition="g = 'a'",
    ),
    case("sequential_values", "n integer", "(1), (3), (5)", "(1), (2)", column="n", interval=2),
    case(
        "sequential_values", "d date, g text",
        "('2026-01-31', 'a'), ('2026-02-01', 'a'), ('2026-05-01', 'b')",
        "('2026-01-31', 'a'), ('2026-02-02', 'a')",
        column="d", datepart="day", group_by_columns=["g"],
    ),
    case(
        "unique_combination_of_columns", "a integer, b text",
        "(1, 'x'), (1, 'y')", "(1, 'x'), (2, 'x'), (1, 'x')",
        combination_of_columns=["a", "b"],
    ),
    case(
        "unique_combination_of_columns", "a integer, b text",
        "(1, 'x'), (1, 'y')", "(1, null), (1, null)",
        combination_of_columns=["a", "b"], quote_columns=True,
    ),
]  # fmt: skip

# a query that gives rows where the macro is wrong; `rows` holds a integer, "B" text: (1, x), (2, x)
MACROS = {
    "group_by": """
        select a, "B" from {{ rows }} {{ dbt_utils.group_by(2) }} having count(*) <> 1
    """,
    "generate_surrogate_key": """
        select 1
        where {{ dbt_utils.generate_surrogate_key(["'a'", "null", "1"]) }}
            <> md5('a-_dbt_utils_surrogate_key_null_-1')
    """,
    "date_spine": """
        with spine as (
            {{ dbt_utils.date_spine("day", "date '2026-02-27'", "date '2026-03-02'") }}
        )
        select 1 from spine
        having array_agg(date_day::date order by date_day)
            <> array['2026-02-27', '2026-02-28', '2026-03-01']::date[]
    """,
    "star": """
        select 1 where '{{ dbt_utils.star(rows) | replace("\\n", "") }}' !~ '^"a", +"B"$'
        union all
        select 1
        where '{{ dbt_utils.star(rows, "r", ["A"], prefix="p_") }}' <> 'r."B" as "p_B"'
        union all
        select 1
        where '{{ dbt_utils.star(rows, except=["b"], rename={"A": "z"}) }}' <> '"a" as z'
        union all
        select 1
        where '{{ dbt_utils.star(rows, except=["b"], suffix="_s", quote_identifiers=false) }}'
            <> 'a as a_s'
    """,
    "get_column_values": """
        select 1
        where '{{ dbt_utils.get_column_values(rows, "a", order_by="a desc") | join(",") }}' <> '2,1'
            or '{{ dbt_utils.get_column_values(rows, "a", where="a = 1") | join(",") }}' <> '1'
            or '{{ dbt_utils.get_column_values(rows, '"B"', max_records=1) | join(",") }}' <> 'x'
    """,
    "get_filtered_columns_in_relation": """
        select 1
        where '{{ dbt_utils.get_filtered_columns_in_relation(rows, ["b"]) | join(",") }}' <> 'a'
    """,
    "get_single_value": """
        select 1
        where {{ dbt_utils.get_single_value("select max(a) from " ~ rows, 0) }} <> 2
            or {{ dbt_utils.get_single_value("select a from " ~ rows ~ " where false", 7) }} <> 7
    """,
    "now": """
        select 1
        where {{ dbt_date.now("Asia/Tokyo") }} - {{ dbt_date.now("UTC") }} <> interval '9 hours'
            or {{ dbt_date.today("UTC") }} <> (now() at time zone 'UTC')::date
    """,
    "n_days_ago": """
        select 1 where {{ dbt_date.n_days_ago(2, "date '2026-03-01'") }} <> date '2026-02-27'
            or {{ dbt_date.n_days_ago(1) }} <> {{ dbt_date.today() }} - 1
    """,
    "convert_timezone": """
        select 1
        where {{ dbt_date.convert_timezone("timestamp '2026-07-01 12:00'", "Europe/Berlin") }}
            <> timestamp '2026-07-01 14:00'
    """,
}
