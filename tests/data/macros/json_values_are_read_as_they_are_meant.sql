-- Proves that paths, number formats and missing parts are read without an error.
{%- set whole = json_value('record', ['n'], 'integer') %}
{%- set deep = json_value('record', ['outer', 'inner', 'n'], 'numeric') %}

with cases as (

    select
        record::jsonb as record,
        whole,
        deep,
        id
    from (
        values
        ('{"n": 5, "id": 5}', 5, null::numeric, '5'),
        ('{"n": 5.0, "id": 5.0}', 5, null, '5'),
        ('{"n": 1e3, "id": 1e3}', 1000, null, '1000'),
        ('{"n": null, "id": null}', null, null, null),
        ('{"id": "5.0"}', null, null, '5.0'),
        ('{"id": "x-1"}', null, null, 'x-1'),
        ('{"outer": {"inner": {"n": 1.5e-1}}}', null, 0.15, null),
        ('{"outer": "text"}', null, null, null),
        ('{"outer": {"inner": [1]}}', null, null, null)
    ) as examples (record, whole, deep, id)

)

select *
from cases
where
    whole is distinct from {{ whole }}
    or deep is distinct from {{ deep }}
    or id is distinct from {{ json_id('record', ['id']) }}
    or id is distinct from {{ json_id("jsonb_build_object('o', record)", ['o', 'id']) }}
