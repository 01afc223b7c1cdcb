-- Proves that the strategy deletes all keys the model returned and inserts the rows that exist.
{{ config(meta={'exists_column': 'events_count'}) }}

{%- if execute %}
{%- set statement = get_incremental_recompute_sql({
    'target_relation': 'built',
    'temp_relation': 'returned',
    'unique_key': ['session_id', 'date'],
    'dest_columns': [{'name': 'session_id'}, {'name': 'date'}, {'name': 'events_count'}],
}) %}
{%- endif %}

with compared as (

    select
        trim(regexp_replace($statement${{ statement }}$statement$, '\s+', ' ', 'g')) as actual,
        'delete from built where (session_id, date) in ( '
        || 'select touched.session_id, touched.date from returned as touched ); '
        || 'insert into built ("session_id", "date", "events_count") '
        || 'select "session_id", "date", "events_count" from returned '
        || 'where events_count is not null' as expected

)

select *
from compared
where actual is distinct from expected
