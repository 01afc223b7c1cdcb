{#-
    Views are replaced where they stand, and only if their query or its columns changed: a
    replacement waits for everybody who reads the view, and everybody after it waits for it. dbt's
    own way on Postgres is to make a new view, rename, and drop the old one with everything that
    hangs on it: models behind it vanish until their turn comes, and two threads that drop what
    hangs on both wait for each other for ever. A view whose columns changed other than by new
    ones at the end cannot be replaced; it is dropped, and what hung on it comes back with the
    build.
-#}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if existing is not none and not existing.is_view -%}
        {{ drop_relation_if_exists(existing) }}
    {%- endif -%}
    {%- set mark = view_mark(target_relation, sql) -%}
    {%- if mark.made == mark.held -%}
        {%- do store_raw_result('main', message='UNCHANGED', code=none, rows_affected=none) -%}
    {%- else -%}
        {%- set create_view = get_create_view_as_sql(target_relation, sql) -%}
        {% call statement('main') -%}
            do $replace$
            begin
                begin
                    {{ create_view | replace('create view', 'create or replace view', 1) }}
                exception when invalid_table_definition then
                    {{ get_drop_sql(target_relation) }};
                    {{ create_view }}
                end;
                comment on view {{ target_relation }} is '{{ mark.made }}';
            end
            $replace$
        {%- endcall %}
    {%- endif -%}

    {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing)) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
