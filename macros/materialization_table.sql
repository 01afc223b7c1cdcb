{#-
    A table is computed anew beside the one that stands, and only if they differ are the rows
    exchanged, in one transaction: readers see the old rows or the new ones, views and grants on
    the table stay, and a build without new data writes nothing. dbt's own way is to exchange the
    tables, which drops every view on them. It is taken where columns changed, and with
    --full-refresh, which also makes indexes anew.
-#}
{% materialization table, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set computed = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(
        target_relation, 'table' if existing is none else existing.type
    ) -%}
    {{ drop_relation_if_exists(load_cached_relation(computed)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') -%}
        {{ get_create_table_as_sql(False, computed, sql) }}
    {%- endcall %}
    {%- set keep = existing is not none and existing.is_table and not should_full_refresh()
        and has_columns_of(target_relation, computed) -%}
    {%- if keep -%}
        {% call statement('exchange') -%}
            {{ exchange_rows(target_relation, computed) }};
            drop table {{ computed }}
        {%- endcall %}
    {%- else -%}
        {% do create_indexes(computed) %}
        {%- if load_cached_relation(this) is not none -%}
            {{ adapter.rename_relation(existing, backup) }}
        {%- endif -%}
        {{ adapter.rename_relation(computed, target_relation) }}
        {%- do run_query('analyze ' ~ target_relation) -%}
    {%- endif -%}

    {% do apply_grants(
        target_relation, config.get('grants'), should_revoke=should_revoke(existing, not keep)
    ) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {%- if not keep -%}
        {{ drop_relation_if_exists(backup) }}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
