{#- The tests of the project, and what each one tests. -#}
{% macro _test_rows() %}
    {%- set owners = {} -%}
    {%- set rows = [] -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') -%}
        {%- set row = elementary.flatten_test(node) -%}
        {%- set parent = row.parent_model_unique_id -%}
        {%- if parent and parent not in owners -%}
            {%- do owners.update({
                parent: elementary._owners_of(graph.nodes.get(parent) or graph.sources.get(parent))
            }) -%}
        {%- endif -%}
        {%- do row.update({'model_owners': owners.get(parent, [])}) -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}

{% macro flatten_test(node_dict) %}
    {%- set metadata = node_dict.test_metadata or {} -%}
    {%- set arguments = metadata.kwargs or {} -%}
    {%- set parents = (node_dict.depends_on.nodes or []) | unique | list -%}
    {%- set parent_id = elementary._tested_node_id(node_dict) -%}
    {%- set any_parent = parent_id or (parents | first) -%}
    {%- set parent = graph.nodes.get(any_parent) or graph.sources.get(any_parent) or {} -%}
    {%- set meta = node_dict.config.meta or {} -%}
    {{ return({
        'unique_id': node_dict.unique_id,
        'database_name': parent.get('database', node_dict.database),
        'schema_name': parent.get('schema', node_dict.schema),
        'name': node_dict.name,
        'short_name': elementary._test_short_name(node_dict),
        'alias': node_dict.alias,
        'test_column_name': node_dict.column_name or arguments.get('column_name'),
        'severity': node_dict.config.severity,
        'warn_if': node_dict.config.warn_if,
        'error_if': node_dict.config.error_if,
        'test_params': arguments,
        'test_namespace': metadata.get('namespace'),
        'test_original_name': metadata.get('name'),
        'tags': node_dict.tags | unique | sort,
        'model_tags': (parent.tags or []) | unique | sort,
        'meta': meta,
        'depends_on_macros': (node_dict.depends_on.macros or []) | sort,
        'depends_on_nodes': parents | sort,
        'parent_model_unique_id': parent_id,
        'description': node_dict.description or meta.get('description'),
        'package_name': node_dict.package_name,
        'type': 'singular' if not metadata
            else 'expectation' if metadata.namespace == 'dbt_expectations' else 'generic',
        'original_path': node_dict.original_file_path,
        'path': node_dict.path,
        'quality_dimension': meta.get('quality_dimension'),
        'group_name': node_dict.config.get('group') or parent.get('group'),
    }) }}
{% endmacro %}

{#- The model, seed, snapshot or source a test is about; none if it reads several. -#}
{% macro _tested_node_id(node) %}
    {%- if node.attached_node -%}
        {{ return(node.attached_node) }}
    {%- endif -%}
    {%- set parents = (node.depends_on.nodes or []) | unique | list -%}
    {%- if parents | length > 1 -%}
        {#- 'source("moodle", "mdl_user")' names one of them -#}
        {%- set named = modules.re.findall(
            '\\w+', ((node.test_metadata or {}).kwargs or {}).model or ''
        ) -%}
        {%- set matching = [] -%}
        {%- for parent in parents if parent.split('.')[-1] in named -%}
            {%- do matching.append(parent) -%}
        {%- endfor -%}
        {{ return(matching[0] if matching | length == 1 else none) }}
    {%- endif -%}
    {{ return(parents | first if parents else none) }}
{% endmacro %}

{#- 'unique' for a test dbt named, its own name for one that people named. -#}
{% macro _test_short_name(node) %}
    {%- set metadata = node.test_metadata or {} -%}
    {%- set prefix = metadata.namespace ~ '_' if metadata.namespace else '' -%}
    {%- if not metadata -%}
        {{ return(node.name) }}
    {%- elif metadata.namespace == 'elementary'
        or node.name.startswith(prefix ~ metadata.name)
        or node.name.startswith(prefix ~ 'source_' ~ metadata.name) -%}
        {{ return(metadata.name) }}
    {%- endif -%}
    {{ return(node.name) }}
{% endmacro %}
