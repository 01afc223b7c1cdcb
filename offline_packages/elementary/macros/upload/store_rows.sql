{#-
    Inserts dictionaries into a table of the package, by column name: one JSON document, one
    statement, however many rows. `shared` holds what all rows have in common. Lists and
    dictionaries become JSON text; keys without a column are ignored. A table that was not built
    yet takes nothing. `first` is SQL that runs in the same transaction before.
-#}
{% macro _store_rows(table_name, rows, shared={}, first='') %}
    {%- set relation = elementary.get_elementary_relation(table_name) -%}
    {%- if relation and (rows or first) -%}
        {%- do dbt.run_query(first ~ elementary._insert_json(relation, rows, shared)) -%}
    {%- endif -%}
{% endmacro %}

{% macro _insert_json(relation, rows, shared={}) -%}
    {%- set times = {
        'created_at': elementary._utc_now(),
        'generated_at': elementary._utc_now(),
        'detected_at': elementary._utc_now(),
    } -%}
    {%- do times.update(shared) -%}
    insert into {{ relation }}
    select filled.*
    from jsonb_populate_recordset(
        jsonb_populate_record(null::{{ relation }}, {{ elementary._json_literal(times) }}),
        {{ elementary._json_literal(rows) }}
    ) as filled
{%- endmacro %}

{% macro _json_literal(value) -%}
    {%- set document = tojson(value) -%}
    {%- if document is none -%}
        {%- do exceptions.raise_compiler_error('elementary: not JSON: ' ~ value) -%}
    {%- endif -%}
    {{ elementary.edr_quote(document | replace('\\u0000', '')) }}::jsonb
{%- endmacro %}

{% macro _utc_now() %}
    {{ return(modules.datetime.datetime.utcnow().strftime('%Y-%m-%d %H:%M:%S')) }}
{% endmacro %}

{#- edr's own way in: `edr run-operation upload-source-freshness`. -#}
{% macro upload_artifacts_to_table(
    table_relation, artifacts, flatten_artifact_callback, append=False, should_commit=False,
    metadata_hashes=None, on_query_exceed=none
) %}
    {%- set rows = [] -%}
    {%- for artifact in artifacts -%}
        {%- do rows.append(flatten_artifact_callback(artifact)) -%}
    {%- endfor -%}
    {%- do elementary.insert_rows(table_relation, rows, should_commit) -%}
{% endmacro %}

{% macro insert_rows(
    table_relation, rows, should_commit=false, chunk_size=5000, on_query_exceed=none
) %}
    {%- if rows -%}
        {%- call statement('insert_rows', auto_begin=should_commit) -%}
            {{ elementary._insert_json(table_relation, rows) }}
        {%- endcall -%}
        {%- if should_commit -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
