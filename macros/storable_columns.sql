{#- Those of the columns of a test's rows that may be stored: what is personal may not (law 6). -#}
{% macro storable_columns(columns, test) %}
    {%- set described = [] -%}
    {%- set personal = [] -%}
    {%- for parent_id in (test.depends_on.nodes if execute else []) -%}
        {%- set parent = graph.nodes.get(parent_id) or graph.sources.get(parent_id) or {} -%}
        {%- for column in parent.get('columns', {}).values() -%}
            {%- set names = personal if column.config.meta.get('pii') else described -%}
            {%- do names.append(column.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set arguments = test.get('test_metadata', {}).get('kwargs', {}) -%}
    {#- what tests call a column they look at, and what they count -#}
    {%- set meant = {'unique_field': test.column_name, 'from_field': test.column_name} -%}
    {%- set groups = arguments.get('group_by_columns') or arguments.get('group_by') or [] -%}
    {%- for column in ([groups] if groups is string else groups) -%}
        {%- do meant.update({'col_' ~ loop.index: column}) -%}
    {%- endfor -%}
    {%- set counted = ['expression', 'n_records', 'copies', 'day', 'problem', 'records', 'missing'] -%}
    {%- set storable = [] -%}
    {%- for column in columns -%}
        {%- set name = meant.get(column, column) -%}
        {%- if name in counted or (name in described and name not in personal) -%}
            {%- do storable.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(storable) }}
{% endmacro %}
