{#- Results of `dbt source freshness`. -#}
{% macro upload_source_freshness() %}
    {%- set rows = [] -%}
    {%- for result in results if result.node -%}
        {%- set is_error = result.status | string == 'runtime error' -%}
        {%- do rows.append(elementary.flatten_source_freshness({
            'unique_id': result.node.unique_id,
            'status': result.status | string,
            'error': elementary._without_values(result.message) if is_error else none,
            'max_loaded_at': result.max_loaded_at.isoformat() if result.max_loaded_at else none,
            'snapshotted_at': result.snapshotted_at.isoformat() if result.snapshotted_at else none,
            'max_loaded_at_time_ago_in_s': result.age,
            'criteria': elementary._freshness_criteria(result.node.unique_id),
        })) -%}
    {%- endfor -%}
    {%- do elementary._store_rows('dbt_source_freshness_results', rows) -%}
{% endmacro %}

{% macro _freshness_criteria(unique_id) %}
    {{ return((graph.sources.get(unique_id) or {}).freshness or {}) }}
{% endmacro %}

{#- A result, of the hook or of sources.json, as a row. -#}
{% macro flatten_source_freshness(node_dict) %}
    {%- set criteria = node_dict.criteria or {} -%}
    {%- set metadata = node_dict.metadata or {} -%}
    {%- set invocation = metadata.invocation_id or invocation_id -%}
    {%- set row = {
        'source_freshness_execution_id': invocation ~ '.' ~ node_dict.unique_id,
        'unique_id': node_dict.unique_id,
        'max_loaded_at': node_dict.get('max_loaded_at'),
        'snapshotted_at': node_dict.get('snapshotted_at'),
        'max_loaded_at_time_ago_in_s': node_dict.get('max_loaded_at_time_ago_in_s'),
        'status': node_dict.status,
        'error': node_dict.get('error'),
        'warn_after': criteria.get('warn_after'),
        'error_after': criteria.get('error_after'),
        'filter': criteria.get('filter'),
        'invocation_id': invocation,
    } -%}
    {%- for timing in node_dict.timing or [] -%}
        {%- do row.update({
            timing.name ~ '_started_at': timing.started_at,
            timing.name ~ '_completed_at': timing.completed_at,
        }) -%}
    {%- endfor -%}
    {{ return(row) }}
{% endmacro %}
