{#-
    Post-hook of views that hide rows: no condition of a reader runs before that of the view, which
    a function that shows its arguments would otherwise give away. Only where it is missing: it
    waits for everybody who reads the view.
-#}
{% macro secure_view() -%}
    {%- if execute and model.config.materialized == 'view' -%}
        do $$
        begin
            if not exists (
                select 1 from pg_class
                where oid = '{{ this }}'::regclass and 'security_barrier=true' = any(reloptions)
            ) then
                alter view {{ this }} set (security_barrier = true);
            end if;
        end
        $$
    {%- endif -%}
{%- endmacro %}


{#-
    Post-hook of marts: who reads the dashboards on it may read it. The roles stand in the exposures
    of the dashboards (meta.readers); those that are missing are made by `coursehouse dashboards`.
    A built table is a new one, so it is said after each build.
-#}
{% macro grant_to_dashboards() -%}
    {%- for role in dashboard_readers() %}
        grant select on {{ this }} to {{ adapter.quote(role) }};
    {%- endfor %}
{%- endmacro %}


{#- The roles of dashboards on these nodes (default: on this model) that exist in the database. -#}
{% macro dashboard_readers(nodes=none) -%}
    {%- set readers = [] -%}
    {%- if execute -%}
        {%- for exposure in graph.exposures.values() -%}
            {%- for node in nodes or [model.unique_id] if node in exposure.depends_on.nodes -%}
                {%- do readers.extend(exposure.config.meta.get('readers', [])) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if readers -%}
            {%- set found = run_query(
                "select rolname::text from pg_roles where rolname = any('{"
                ~ readers | unique | sort | join(',') ~ "}') order by 1"
            ) -%}
            {%- do return(found.columns[0].values() | list) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do return([]) -%}
{%- endmacro %}
