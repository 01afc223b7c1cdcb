{#- Results of tests; of an anomaly test one per metric, of a schema test one per change. -#}
{% macro handle_tests_results() %}
    {%- set kept = elementary._kept_results() -%}
    {%- set rows, samples, points, tables = [], [], [], [] -%}
    {%- for result in results if result.node and result.node.resource_type == 'test' -%}
        {%- set id = result.node.unique_id -%}
        {%- set node = graph.nodes[id] -%}
        {%- set test = elementary.flatten_test(node) -%}
        {%- set row = elementary._test_result_row(result, node, test) -%}
        {%- if row.test_type == 'anomaly_detection' -%}
            {%- do elementary._add_anomaly_results(row, kept.get(id, []), rows, samples, points) -%}
        {%- elif row.test_type == 'schema_change' -%}
            {%- do elementary._add_schema_changes(row, kept.get(id, []), rows) -%}
            {%- if id in kept and test.short_name == 'schema_changes' -%}
                {%- do tables.append(test.parent_model_unique_id) -%}
            {%- endif -%}
        {%- else -%}
            {%- do rows.append(row) -%}
            {%- do elementary._add_sample(row, kept.get(id, []), samples) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do elementary._store_rows('elementary_test_results', rows, {'invocation_id': invocation_id}) -%}
    {%- do elementary._store_rows('test_result_rows', samples) -%}
    {%- do elementary._store_rows('data_monitoring_metrics', points, {
        'updated_at': elementary._utc_now()
    }) -%}
    {%- do elementary._store_columns_of(tables | unique) -%}
{% endmacro %}

{% macro _test_result_row(result, node, test) %}
    {%- set parent_id = test.parent_model_unique_id -%}
    {%- set parent = graph.nodes.get(parent_id) or graph.sources.get(parent_id) or {} -%}
    {%- set status = result.status | string -%}
    {%- set type = elementary._test_type(test) -%}
    {{ return({
        'id': invocation_id ~ '.' ~ node.unique_id,
        'test_execution_id': invocation_id ~ '.' ~ node.unique_id,
        'test_unique_id': node.unique_id,
        'model_unique_id': parent_id,
        'database_name': test.database_name,
        'schema_name': test.schema_name,
        'table_name': parent.identifier or parent.alias or none,
        'column_name': test.test_column_name,
        'test_type': type,
        'test_sub_type': test.type,
        'test_results_description': elementary._without_values(result.message),
        'owners': elementary._owners_of(parent) if parent else [],
        'tags': (test.model_tags + test.tags) | unique | sort,
        'test_results_query':
            result.node.compiled_code if status != 'pass' or type != 'dbt_test' else none,
        'test_name': test.name,
        'test_params': test.test_params,
        'severity': test.severity,
        'status': status,
        'failures': result.failures,
        'test_short_name': test.short_name,
        'test_alias': test.alias,
    }) }}
{% endmacro %}

{% macro _test_type(test) %}
    {%- if test.test_namespace != 'elementary' -%}
        {{ return('dbt_test') }}
    {%- endif -%}
    {{ return('schema_change' if 'schema_changes' in test.test_original_name
        else 'anomaly_detection') }}
{% endmacro %}

{% macro _add_sample(row, kept, samples) %}
    {%- for sample in kept -%}
        {%- do samples.append({
            'elementary_test_results_id': row.id,
            'result_row': tojson(sample),
            'row_index': loop.index,
            'test_type': row.test_type,
        }) -%}
    {%- endfor -%}
{% endmacro %}

{% macro _add_schema_changes(row, kept, rows) %}
    {%- for change in kept -%}
        {%- do rows.append(dict(row, **dict(change, id=row.id ~ '.' ~ loop.index))) -%}
    {%- endfor -%}
    {%- if not kept -%}
        {%- do rows.append(row) -%}
    {%- endif -%}
{% endmacro %}

{% macro _store_columns_of(node_ids) %}
    {%- set tables = [] -%}
    {%- for id in node_ids -%}
        {%- set node = graph.nodes.get(id) or graph.sources.get(id) -%}
        {%- set relation = api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.identifier or node.alias
        ) -%}
        {%- do tables.append((
            relation,
            (relation.database ~ '.' ~ relation.schema ~ '.' ~ relation.identifier) | upper,
        )) -%}
    {%- endfor -%}
    {%- do elementary._store_columns(tables) -%}
{% endmacro %}
