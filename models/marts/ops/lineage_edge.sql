-- One row per node of the project and node it reads.
{{
    config(
        materialized='table',
        meta={
            'grain': ['parent', 'child'], 'owner': 'data-team', 'kind': 'aggregate',
            'proof': 'tests/python/test_ops_mart.py::'
            ~ 'test_a_build_leaves_the_outcome_of_every_node_and_no_value_of_a_row',
        },
    )
}}

{%- set edges = [] %}
{%- if execute %}
    {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed', 'snapshot') %}
        {%- for parent in node.depends_on.nodes %}
            {%- do edges.append([parent, node.unique_id]) %}
        {%- endfor %}
    {%- endfor %}
{%- endif %}

with edges as (

    select distinct
        edge ->> 0 as parent,
        edge ->> 1 as child
    from jsonb_array_elements('{{ tojson(edges | sort) }}'::jsonb) as edge

),

final as (

    select
        parent,
        child,
        split_part(parent, '.', 1) as parent_type,
        split_part(child, '.', 1) as child_type
    from edges

)

select * from final
