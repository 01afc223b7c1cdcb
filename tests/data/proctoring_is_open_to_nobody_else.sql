-- Proves that only the owner, the roles of var proctoring_roles and those of the dashboards on it
-- have a privilege on what holds proctoring, whichever schema it is in. Grantee 0 is everybody
-- (public).
{%- set readers = var('proctoring_roles') + dashboard_readers(model.depends_on.nodes) %}
{%- set roles = '{' ~ readers | join(',') ~ '}' %}
-- depends_on: {{ ref('fact_proctoring_violation') }}
-- depends_on: {{ ref('proctoring_attempt_summary') }}
-- depends_on: {{ ref('int_proctoring__violations') }}
with things as (

    select
        nspname::text as thing,
        nspowner as owner,
        nspacl as acl
    from pg_namespace
    where nspname = 'marts_proctoring'

    union all

    select
        oid::regclass::text as thing,
        relowner as owner,
        relacl as acl
    from pg_class
    where
        relkind in ('r', 'v', 'm', 'p')
        and (relnamespace = 'marts_proctoring'::regnamespace or relname ~ 'proctoring')

),

privileges as (

    select
        things.thing,
        things.owner,
        acl.grantee,
        acl.privilege_type
    from things
    cross join lateral aclexplode(things.acl) as acl

)

select
    thing,
    case when grantee = 0 then 'public' else pg_get_userbyid(grantee)::text end as grantee,
    privilege_type
from privileges
where
    grantee <> owner
    and not (
        thing ~ '^marts_proctoring'
        and privilege_type in ('USAGE', 'SELECT')
        and pg_get_userbyid(grantee)::text = any('{{ roles }}'::text[])
    )
