-- One row per record that tells of learning or shopping, copies included, narrow.
{%- set shop = {
    'clicks': {'event_name': "'look'"},
    'cart': {'event_name': "coalesce(event_kind, 'add')"},
    'purchase': {'event_name': "'order'", 'total_amount': 'total_amount', 'currency': 'currency'},
} %}
{%- set shared = [
    'event_id', 'person_system', 'person_id', 'occurred_at', 'lane', 'source_partition',
    'source_offset', '_load_id', '_loaded_at',
] %}

with final as (

    select
        topic,
        event_type as event_name,
        null::numeric as total_amount,
        null::text as currency,
        false as is_shopping,
        coalesce(status_code >= 400, false) as is_error,
        {{ shared | join(', ') }}
    from {{ ref('int_events__learning_records') }}

    {% for topic, given in shop.items() %}
        union all

        select
            '{{ topic }}'::text as topic,
            {{ given['event_name'] }} as event_name,
            {{ given.get('total_amount', 'null') }}::numeric as total_amount,
            {{ given.get('currency', 'null') }}::text as currency,
            true as is_shopping,
            false as is_error,
            {{ shared | join(', ') }}
        from {{ ref('stg_events__' ~ topic) }}
    {% endfor %}

)

select * from final
