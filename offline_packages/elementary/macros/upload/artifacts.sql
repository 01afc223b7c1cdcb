{#-
    The project as dbt sees it: models, sources, tests ... Each kind is replaced as a whole, and
    only if it differs from what is stored (`metadata_hash`, of the whole kind).
-#}
{% macro upload_dbt_artifacts() %}
    {%- set kinds = {
        'dbt_models': elementary._node_rows('model'),
        'dbt_snapshots': elementary._node_rows('snapshot'),
        'dbt_seeds': elementary._node_rows('seed'),
        'dbt_sources': elementary._source_rows(),
        'dbt_exposures': elementary._exposure_rows(),
        'dbt_tests': elementary._test_rows(),
    } -%}
    {%- for table_name, rows in kinds.items() -%}
        {%- set relation = elementary.get_elementary_relation(table_name) -%}
        {%- set digest = local_md5(tojson(rows) or '') -%}
        {%- if relation and elementary.result_value(
            "select 1 from " ~ relation ~ " where metadata_hash = '" ~ digest ~ "' limit 1"
        ) is none -%}
            {%- do elementary._store_rows(
                table_name, rows, {'metadata_hash': digest}, first='delete from ' ~ relation ~ ';'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{#- Models, snapshots or seeds. -#}
{% macro _node_rows(resource_type) %}
    {%- set rows = [] -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', resource_type) -%}
        {%- do rows.append({
            'unique_id': node.unique_id,
            'alias': node.alias,
            'checksum': node.checksum.checksum,
            'materialization': node.config.materialized,
            'tags': node.tags | unique | sort,
            'meta': node.config.meta,
            'owner': elementary._owners_of(node),
            'database_name': node.database,
            'schema_name': node.schema,
            'depends_on_macros': (node.depends_on.macros or []) | sort,
            'depends_on_nodes': (node.depends_on.nodes or []) | sort,
            'description': node.description,
            'name': node.name,
            'package_name': node.package_name,
            'original_path': node.original_file_path,
            'path': node.path,
            'patch_path': node.get('patch_path'),
            'unique_key': node.config.get('unique_key'),
            'incremental_strategy': node.config.get('incremental_strategy'),
            'group_name': node.config.get('group'),
            'access': node.get('access'),
        }) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}

{% macro _source_rows() %}
    {%- set rows = [] -%}
    {%- for node in graph.sources.values() -%}
        {%- set freshness = node.freshness or {} -%}
        {%- do rows.append({
            'unique_id': node.unique_id,
            'database_name': node.database,
            'schema_name': node.schema,
            'source_name': node.source_name,
            'name': node.name,
            'identifier': node.identifier,
            'loaded_at_field': node.get('loaded_at_field'),
            'freshness_warn_after': freshness.warn_after or {},
            'freshness_error_after': freshness.error_after or {},
            'freshness_filter': freshness.get('filter'),
            'freshness_description':
                'Fails if the latest load of the table is older than the limit set for it.',
            'relation_name': node.relation_name,
            'tags': node.tags | unique | sort,
            'meta': node.config.meta or node.meta or {},
            'owner': elementary._owners_of(node),
            'package_name': node.package_name,
            'original_path': node.original_file_path,
            'path': node.path,
            'source_description': node.source_description,
            'description': node.description,
        }) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}

{% macro _exposure_rows() %}
    {%- set rows = [] -%}
    {%- for node in graph.exposures.values() -%}
        {%- do rows.append({
            'unique_id': node.unique_id,
            'name': node.name,
            'label': node.get('label'),
            'maturity': node.get('maturity'),
            'type': node.type,
            'owner_email': node.owner.get('email'),
            'owner_name': node.owner.get('name'),
            'url': node.get('url'),
            'depends_on_macros': (node.depends_on.macros or []) | sort,
            'depends_on_nodes': (node.depends_on.nodes or []) | sort,
            'description': node.description,
            'tags': node.tags | unique | sort,
            'meta': node.config.meta or node.meta or {},
            'package_name': node.package_name,
            'original_path': node.original_file_path,
            'path': node.path,
        }) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}

{#- Who is responsible: `meta.owner` (a list, or names between commas), else the group's owner. -#}
{% macro _owners_of(node) %}
    {%- set owner = (node.config.meta or node.meta or {}).get('owner') -%}
    {%- if owner is string -%}
        {{ return(owner.split(',') | map('trim') | list) }}
    {%- elif owner -%}
        {{ return(owner | list) }}
    {%- endif -%}
    {%- set owners = [] -%}
    {%- for group in (graph.groups or {}).values() if group.name == node.config.get('group') -%}
        {%- do owners.append(group.owner.email or group.owner.name) -%}
    {%- endfor -%}
    {{ return(owners) }}
{% endmacro %}
