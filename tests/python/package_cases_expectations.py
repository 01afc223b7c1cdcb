"""Cases of dbt_expectations."""

from package_cases import OTHER, Case, case

GROUPED = "n numeric, g text"
DAYS = "generate_series(1, 30) as d"


def series(values: str) -> str:
    """Rows of the last thirty days: one row a day, `values` of d days ago."""
    return f"select {values}, date_trunc('day', now()) - make_interval(days => d) from {DAYS}"


VALUES: list[Case] = [
    case(
        "expect_column_values_to_be_between", GROUPED,
        "(1, 'a'), (3, 'a'), (null, 'a'), (9, 'b')", "(4, 'a')",
        column="n", min_value=1, max_value=3, row_condition="g = 'a'",
    ),
    case(
        "expect_column_values_to_be_between", "n numeric", "(2)", "(1)",
        column="n", min_value=1, strictly=True,
    ),
    case(
        "expect_column_values_to_be_null", GROUPED, "(null, 'a'), (1, 'b')", "(1, 'a')",
        column="n", row_condition="g = 'a'",
    ),
    case(
        "expect_column_values_to_not_be_null", GROUPED, "(1, 'a'), (null, 'b')", "(null, 'a')",
        column="n", row_condition="g = 'a'",
    ),
    case(
        "expect_column_values_to_be_unique", GROUPED,
        "(1, 'a'), (2, 'a'), (2, 'b'), (null, 'a'), (null, 'a')", "(1, 'a'), (1, 'a')",
        column="n", row_condition="g = 'a'",
    ),
    case(
        "expect_column_values_to_be_in_set", "t text", "('a'), ('b')", "('a'), ('c')",
        column="t", value_set=["a", "b"],
    ),
    case(
        "expect_column_values_to_be_in_set", GROUPED, "(1, 'a'), (3, 'b')", "(null, 'a')",
        column="n", value_set=[1, 2], quote_values=False, row_condition="g = 'a'",
    ),
    case(
        "expect_column_values_to_not_be_in_set", "t text", "('a'), (null)", "('b')",
        column="t", value_set=["b", "c"],
    ),
    case(
        "expect_column_values_to_not_be_in_set", GROUPED, "(1, 'b'), (2, 'a')", "(1, 'a')",
        column="n", value_set=[1], quote_values=False, row_condition="g = 'a'",
    ),
    case(
        "expect_column_values_to_be_increasing", "n integer, o integer",
        "(1, 1), (2, 2), (5, 3)", "(1, 1), (2, 3), (2, 2)",
        column="n", sort_column="o",
    ),
    case(
        "expect_column_values_to_be_increasing", GROUPED,
        "(1, 'a'), (2, 'a'), (1, 'b')", "(1, 'a'), (3, 'a')",
        column="n", strictly=False, group_by=["g"], step=1, row_condition="n < 5",
    ),
    case(
        "expect_column_values_to_be_decreasing", "n integer, o integer",
        "(5, 1), (3, 2), (3, 3)", "(5, 1), (6, 2)",
        column="n", sort_column="o", strictly=False,
    ),
    case(
        "expect_column_values_to_be_decreasing", "n integer, o integer",
        "(5, 1), (3, 2)", "(5, 1), (4, 2)",
        column="n", sort_column="o", step=2,
    ),
    case(
        "expect_column_value_lengths_to_be_between", "t text", "('ab'), (null)", "('a')",
        column="t", min_value=2, max_value=3,
    ),
    case(
        "expect_column_value_lengths_to_equal", "t text", "('ab'), (null)", "('abc')",
        column="t", value=2,
    ),
    case(
        "expect_column_values_to_match_regex", "t text", "('a1'), ('b22')", "('a')",
        column="t", regex="^[a-z][0-9]+$",
    ),
    case(
        "expect_column_values_to_match_regex", "t text", "('A'), ('a')", "(null)",
        column="t", regex="^a$", flags="i", is_raw=True,
    ),
    case(
        "expect_column_values_to_not_match_regex", "t text", "('ab'), (null)", "('a1')",
        column="t", regex="[0-9]",
    ),
    case(
        "expect_column_values_to_match_regex_list", "t text", "('a'), ('1')", "('-')",
        column="t", regex_list=["^[a-z]$", "^[0-9]$"],
    ),
    case(
        "expect_column_values_to_match_regex_list", "t text", "('a1')", "('a')",
        column="t", regex_list=["[a-z]", "[0-9]"], match_on="all", row_condition="t <> 'b'",
    ),
]  # fmt: skip

AGGREGATES: list[Case] = [
    case(
        "expect_column_min_to_be_between", GROUPED, "(1, 'a'), (9, 'b')", "(0, 'a'), (9, 'a')",
        column="n", min_value=1,
    ),
    case(
        "expect_column_max_to_be_between", GROUPED, "(1, 'a'), (3, 'a')", "(1, 'a'), (4, 'a')",
        column="n", max_value=4, strictly=True,
    ),
    case(
        "expect_column_mean_to_be_between", GROUPED,
        "(1, 'a'), (3, 'a'), (2, 'b')", "(2, 'a'), (9, 'b')",
        column="n", min_value=2, max_value=2, group_by=["g"],
    ),
    case(
        "expect_column_median_to_be_between", "n numeric", "(1), (2), (99)", "(1), (98), (99)",
        column="n", min_value=0, max_value=10,
    ),
    case(
        "expect_column_quantile_values_to_be_between", "n numeric",
        "(1), (2), (3), (4), (5)", "(1), (2), (3), (40), (50)",
        column="n", quantile=0.75, max_value=4,
    ),
    case(
        "expect_column_stdev_to_be_between", "n numeric", "(1), (2), (3)", "(1), (20), (30)",
        column="n", min_value=1, max_value=1,
    ),
    case(
        "expect_column_sum_to_be_between", GROUPED,
        "(1, 'a'), (2, 'a'), (9, 'b')", "(1, 'a'), (3, 'a')",
        column="n", max_value=3, row_condition="g = 'a'",
    ),
    case(
        "expect_column_unique_value_count_to_be_between", "n numeric",
        "(1), (2), (2)", "(1), (1), (null)",
        column="n", min_value=2,
    ),
    case(
        "expect_column_proportion_of_unique_values_to_be_between", GROUPED,
        "(1, 'a'), (2, 'a'), (2, 'a'), (null, 'b')", "(1, 'a'), (1, 'a'), (1, 'a')",
        column="n", min_value=0.5, group_by=["g"],
    ),
    case(
        "expect_column_distinct_count_to_equal", GROUPED,
        "(1, 'a'), (2, 'a'), (2, 'a')", "(1, 'a'), (1, 'a')",
        column="n", value=2, group_by=["g"],
    ),
    case(
        "expect_column_distinct_count_to_equal_other_table", GROUPED,
        "(1, 'a'), (2, 'a')", "(1, 'a'), (1, 'a')",
        column="n", other="(0, 'x'), (0, 'y')", compare_model=OTHER, compare_column_name="g",
    ),
    case(
        "expect_column_distinct_values_to_be_in_set", "t text", "('a'), ('a')", "('c')",
        column="t", value_set=["a", "b"],
    ),
    case(
        "expect_column_distinct_values_to_be_in_set", GROUPED,
        "(1, 'a'), (7, 'b')", "(null, 'a')",
        column="n", value_set=[1, 2], quote_values=False, row_condition="g = 'a'",
    ),
    case(
        "expect_column_distinct_values_to_contain_set", "t text",
        "('a'), ('b'), ('c'), (null)", "('a'), ('c')",
        column="t", value_set=["a", "b"],
    ),
    case(
        "expect_column_distinct_values_to_equal_set", "t text", "('a'), ('b'), ('b')", "('a')",
        column="t", value_set=["a", "b"],
    ),
    case(
        "expect_column_distinct_values_to_equal_set", "n integer", "(1)", "(1), (2)",
        column="n", value_set=[1], quote_values=False, row_condition="n > 0",
    ),
    case(
        "expression_is_true", GROUPED, "(2, 'a'), (2, 'a')", "(2, 'a'), (1, 'b')",
        expression="sum(n)", test_condition="> 1", group_by_columns=["g"],
    ),
    case(
        "expression_between", GROUPED, "(2, 'a'), (9, 'b')", "(1, 'a')",
        expression="n * 2", min_value=3, row_condition="g = 'a'",
    ),
    case(
        "equal_expression", GROUPED,
        "(1, 'a'), (2, 'b')", "(1, 'a'), (9, 'b'), (1, 'c')",
        expression="sum(n)", other="(1, 'a'), (2.01, 'b')", compare_model=OTHER,
        group_by=["g"], tolerance=0.1,
    ),
    case(
        "equal_expression", GROUPED, "(100, 'a'), (9, 'b')", "(100, 'a'), (120, 'b')",
        expression="sum(n) filter (where g = 'a')",
        compare_expression="sum(n) filter (where g = 'a') + count(*) filter (where n > 110) * 11",
        tolerance_percent=0.1,
    ),
]  # fmt: skip

TOGETHER: list[Case] = [
    case(
        "expect_column_pair_values_A_to_be_greater_than_B", "a integer, b integer",
        "(2, 1), (null, 1)", "(1, 1)", column_A="a", column_B="b",
    ),
    case(
        "expect_column_pair_values_A_to_be_greater_than_B", "a integer, b integer",
        "(1, 1), (0, 9)", "(1, 2)", column_A="a", column_B="b", or_equal=True,
        row_condition="a > 0",
    ),
    case(
        "expect_column_pair_values_to_be_equal", "a integer, b integer",
        "(1, 1)", "(1, 2)", column_A="a", column_B="b",
    ),
    case(
        "expect_column_pair_values_to_be_in_set", GROUPED, "(1, 'a'), (2, 'b')", "(1, 'b')",
        column_A="n", column_B="g", value_pairs_set=[[1, "'a'"], [2, "'b'"]],
    ),
    case(
        "expect_multicolumn_sum_to_equal", "a integer, b integer, c integer",
        "(1, 2, 3), (1, 1, 2)", "(1, 2, 4)", column_list=["a", "b"], sum_total="c",
    ),
    case(
        "expect_multicolumn_sum_to_equal", "a integer, b integer, g text",
        "(1, 2, 'x'), (0, 3, 'y')", "(1, 2, 'x'), (3, 0, 'x')",
        column_list=["a", "b"], sum_total=3, group_by=["g"],
    ),
    case(
        "expect_compound_columns_to_be_unique", "a integer, b text",
        "(1, 'x'), (1, 'y'), (null, null), (null, null)", "(1, null), (1, null)",
        column_list=["a", "b"],
    ),
    case(
        "expect_compound_columns_to_be_unique", "a integer, b text",
        "(1, null), (1, null), (0, 'x'), (0, 'x')", "(1, 'x'), (1, 'x')",
        column_list=["a", "b"], quote_columns=True, ignore_row_if="any_value_is_missing",
        row_condition="a > 0",
    ),
    case(
        "expect_column_values_to_be_of_type", "n numeric", "(1)", "(1)",
        bad_columns="n integer", column="n", column_type="numeric",
    ),
    case(
        "expect_column_values_to_be_in_type_list", "t timestamptz", "(now())", "(now())",
        bad_columns="t timestamp", column="t",
        column_type_list=["date", "timestamp with time zone"],
    ),
    case("expect_column_to_exist", "n integer", "(1)", "(1)", bad_columns="m integer", column="n"),
    case(
        "expect_column_to_exist", "a integer, n integer", "(1, 1)", "(1, 1)",
        bad_columns="n integer, a integer", column="n", column_index=2, transform="lower",
    ),
    case(
        "expect_table_columns_to_contain_set", "a integer, b integer, c integer", "(1, 1, 1)",
        "(1, 1)", bad_columns="a integer, c integer", column_list=["A", "b"],
    ),
    case(
        "expect_table_columns_to_not_contain_set", "a integer, b integer", "(1, 1)", "(1, 1)",
        bad_columns="a integer, c integer", column_list=["d", "c"],
    ),
    case(
        "expect_table_columns_to_match_set", "a integer, b integer", "(1, 1)", "(1, 1, 1)",
        bad_columns="a integer, b integer, c integer", column_list=["b", "a"], transform="lower",
    ),
]  # fmt: skip

TABLES: list[Case] = [
    case(
        "expect_table_row_count_to_be_between", "n integer", "(1), (2)", "(1)",
        min_value=2, max_value=3,
    ),
    case(
        "expect_table_row_count_to_be_between", GROUPED,
        "(1, 'a'), (2, 'a'), (3, 'b'), (4, 'b')", "(1, 'a'), (2, 'a'), (3, 'b')",
        min_value=1, strictly=True, group_by=["g"], row_condition="n > 0",
    ),
    case(
        "expect_table_row_count_to_equal", "n integer", "(1), (0)", "(1), (2)",
        value=1, row_condition="n > 0",
    ),
    case(
        "expect_table_row_count_to_equal_other_table", "n integer", "(1), (2)", "(1)",
        other="(7), (8)", compare_model=OTHER,
    ),
    case(
        "expect_table_row_count_to_equal_other_table", GROUPED,
        "(1, 'a'), (2, 'a'), (3, 'b'), (4, 'b')", "(1, 'a'), (2, 'a'), (3, 'b')",
        other="(7, 'a'), (8, 'b'), (-1, 'b')", compare_model=OTHER, group_by=["g"], factor=2,
        compare_row_condition="n > 0",
    ),
    case(
        "expect_table_aggregation_to_equal_other_table", GROUPED, "(1, 'a'), (2, 'b')",
        "(2, 'a'), (2, 'b')", expression="sum(n)", other="(1, 'b'), (2, 'a')",
        compare_model=OTHER, group_by=["g"], compare_group_by=["translate(g, 'ab', 'ba')"],
    ),
    case(
        "expect_row_values_to_have_recent_data", "t timestamptz",
        "(now() - interval '1 hour'), (now() + interval '9 days')",
        "(now() - interval '3 days'), (now() + interval '9 days')",
        column="t", datepart="day", interval=1,
    ),
    case(
        "expect_row_values_to_have_recent_data", "t timestamptz, g text",
        "(now(), 'a')", "(now(), 'b')",
        column="t", datepart="hour", interval=1, row_condition="g = 'a'",
    ),
    case(
        "expect_grouped_row_values_to_have_recent_data", "t timestamptz, g text",
        "(now(), 'a'), (now(), 'b'), (now() - interval '9 days', 'b')",
        "(now(), 'a'), (now() - interval '9 days', 'b')",
        group_by=["g"], timestamp_column="t", datepart="day", interval=2,
    ),
    case(
        "expect_row_values_to_have_data_for_every_n_datepart", "d date",
        "('2026-02-27'), ('2026-02-28'), ('2026-03-01')", "('2026-02-27'), ('2026-03-01')",
        date_col="d",
    ),
    case(
        "expect_row_values_to_have_data_for_every_n_datepart", "d timestamp, g text",
        "('2026-03-01 05:00', 'a'), ('2026-03-04', 'a'), ('2026-03-05', 'a')",
        "('2026-03-01', 'a'), ('2026-03-03', 'b'), ('2026-03-05', 'a')",
        date_col="d", interval=2, row_condition="g = 'a'",
    ),
    case(
        "expect_row_values_to_have_data_for_every_n_datepart", "d date",
        "('2026-01-09'), ('2026-03-05')", "('2026-02-09'), ('2026-03-05')",
        date_col="d", date_part="month", test_start_date="2026-01-01",
        test_end_date="2026-04-01", exclusion_condition="date_month <> '2026-02-01'",
    ),
    case(
        "expect_column_values_to_be_within_n_stdevs", GROUPED,
        "(10, 'a'), (11, 'b'), (12, 'c'), (9, 'd')", "(10, 'a'), (11, 'b'), (12, 'c'), (900, 'd')",
        column="n", group_by=["g"], sigma_threshold=1.4,
    ),
    case(
        "expect_column_values_to_be_within_n_moving_stdevs", "n numeric, d timestamptz",
        series("100 + d % 3"), series("case d when 2 then 900 else 100 + d % 3 end"),
        column="n", date_column_name="d", take_diffs=False, take_logs=False, sigma_threshold=6,
    ),
    case(
        "expect_column_values_to_be_within_n_moving_stdevs", "n numeric, d timestamptz",
        series("100 + d % 3"), series("case d when 2 then 900 else 100 + d % 3 end"),
        column="n", date_column_name="d", sigma_threshold_upper=6, sigma_threshold_lower=-6,
    ),
    case(
        "expect_column_values_to_be_within_n_moving_stdevs", "n numeric, d timestamptz, g text",
        f"select 100 + d % 3, date_trunc('day', now()) - make_interval(days => d), g"
        f" from {DAYS}, unnest(array['a', 'b']) as g",
        f"select case when d = 2 and g = 'b' then 9 else 100 + d % 3 end,"
        f" date_trunc('day', now()) - make_interval(days => d), g"
        f" from {DAYS}, unnest(array['a', 'b']) as g",
        column="n", date_column_name="d", group_by=["g"], take_diffs=False, sigma_threshold=6,
        trend_periods=10, test_periods=5, lookback_periods=2,
    ),
]  # fmt: skip

EXPECTATIONS = VALUES + AGGREGATES + TOGETHER + TABLES
