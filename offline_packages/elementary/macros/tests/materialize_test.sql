{#-
    Runs a test and keeps, for the report, the points of an anomaly test and a sample of the rows
    another one failed on. The project calls it from its own materialization of tests, since dbt
    lets no package replace that of its own accord.
-#}
{% macro materialize_test(materialization_macro) %}
    {%- if elementary.get_config_var('disable_tests_results') -%}
        {{ return(materialization_macro()) }}
    {%- endif -%}
    {%- set is_ours = (model.test_metadata or {}).namespace == 'elementary' -%}
    {%- if is_ours -%}
        {#- read once: what is judged is what is shown -#}
        {%- set read = elementary.create_temp_table(
            none, none, 'elementary_' ~ local_md5(model.unique_id), sql
        ) -%}
        {%- do context.update({'sql': 'select * from ' ~ read}) -%}
    {%- endif -%}
    {%- set result = materialization_macro() -%}
    {%- set outcome = load_result('main').table.rows[0] -%}
    {%- set is_passed = not (outcome['should_warn'] or outcome['should_error']) -%}
    {%- set limit = elementary._sample_limit() -%}
    {%- if is_ours or (not is_passed and limit != 0) -%}
        {%- do elementary._kept_results().update({
            model.unique_id: elementary._rows_of(sql, none) if is_ours
                else elementary._rows_of(sql, limit, (model.config.meta or {}).get('sample_without', []))
        }) -%}
    {%- endif -%}
    {{ return(result) }}
{% endmacro %}

{#- Rows by test, filled by the threads that run tests, read at the end of the run. -#}
{% macro _kept_results() %}
    {{ return(graph.setdefault('elementary_' ~ invocation_id, {})) }}
{% endmacro %}

{#-
    How many failed rows may be kept. `meta.disable_test_samples` of the test says none, unless
    `meta.sample_without` (of this stand-in) names columns to leave out instead.
-#}
{% macro _sample_limit() %}
    {%- set meta = model.config.meta or {} -%}
    {%- if meta.disable_test_samples and 'sample_without' not in meta -%}
        {{ return(0) }}
    {%- endif -%}
    {{ return(meta.get(
        'test_sample_row_count', elementary.get_config_var('test_sample_row_count')
    ) | int) }}
{% endmacro %}

{#- Rows of a query as dictionaries; columns to leave out never leave the database. -#}
{% macro _rows_of(query, limit, hidden=[]) %}
    {%- set names = [] -%}
    {%- for name in hidden -%}
        {%- do names.append(elementary.edr_quote(name)) -%}
    {%- endfor -%}
    {%- set document = elementary.result_value(
        "select coalesce(jsonb_agg(to_jsonb(failed) - array[" ~ names | join(', ')
        ~ "]::text[]), '[]')::text from (select * from (" ~ query ~ "\n) as failed"
        ~ (' limit ' ~ limit if limit is not none and limit >= 0 else '') ~ ') as failed'
    ) -%}
    {{ return(fromjson(document)) }}
{% endmacro %}
