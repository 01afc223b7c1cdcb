{#-
    Post-hook of a restricted model: its schema and its table are open to these roles for reading
    and to nobody else but the owner, whoever was let in before.
-#}
{% macro restrict_to(roles) -%}
    {%- if execute -%}
        {%- set schema = adapter.quote(this.schema) -%}
        {%- set others = run_query(
            "select distinct case when acl.grantee = 0 then 'public'"
            ~ " else quote_ident(pg_get_userbyid(acl.grantee)) end as grantee"
            ~ " from ("
            ~ " select nspowner as owner, nspacl as acl from pg_namespace"
            ~ " where nspname = '" ~ this.schema ~ "'"
            ~ " union all"
            ~ " select relowner, relacl from pg_class where oid = '" ~ this ~ "'::regclass"
            ~ " ) as things, aclexplode(things.acl) as acl"
            ~ " where acl.grantee <> things.owner"
            ~ " and pg_get_userbyid(acl.grantee)::text <> all ('{" ~ roles | join(',') ~ "}')"
        ).columns[0].values() -%}
        {%- for other in others %}
            revoke all on schema {{ schema }} from {{ other }};
            revoke all on {{ this }} from {{ other }};
        {%- endfor %}
        {%- for role in roles | map('string') %}
            grant usage on schema {{ schema }} to {{ adapter.quote(role) }};
            grant select on {{ this }} to {{ adapter.quote(role) }};
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
