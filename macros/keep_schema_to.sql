{#-
    Post-hook of a restricted model: the schema is open to these roles and to nobody else, whoever
    was let in before. Its tables follow the config `grants`.
-#}
{% macro keep_schema_to(roles) -%}
    {%- if execute -%}
        {%- set schema = adapter.quote(this.schema) -%}
        {%- set others = run_query(
            "select case when acl.grantee = 0 then 'public'"
            ~ " else quote_ident(pg_get_userbyid(acl.grantee)) end as grantee"
            ~ " from pg_namespace as schema, aclexplode(schema.nspacl) as acl"
            ~ " where schema.nspname = '" ~ this.schema ~ "' and acl.grantee <> schema.nspowner"
            ~ " and pg_get_userbyid(acl.grantee)::text <> all ('{" ~ roles | join(',') ~ "}')"
        ).columns[0].values() | unique -%}
        {%- for other in others -%}
            revoke all on schema {{ schema }} from {{ other }};
        {% endfor -%}
        {%- for role in roles -%}
            grant usage on schema {{ schema }} to {{ adapter.quote(role) }};
        {% endfor -%}
    {%- endif -%}
{%- endmacro %}
