-- One row per window of five minutes and person seen in it, learning or shopping.
{{
    config(
        materialized='incremental',
        event_time='window_start',
        unique_key=['window_start', 'person_hash'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['window_start', 'person_hash'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        post_hook="{{ forget_expired_windows('window_start') }}",
        tags=['near_real_time'],
        meta={'grain': ['window_start', 'person_hash'], 'owner': 'data-team'},
    )
}}

{%- set counts = {
    'events_count': 'not is_shopping',
    'views_count': 'is_view',
    'errors_count': 'is_error',
    'engagement_count': 'is_engagement',
    'clicks_count': "topic = 'clicks'",
    'carts_count': "topic = 'cart' and event_name = 'add'",
    'orders_count': "topic = 'purchase'",
    'shop_events_count': 'is_shopping',
} %}

with arrived as (

    select * from {{ ref('int_events__recent_events') }}
    where {{ arrived_since_last_build() }}

),

counted as (

    select
        {{ five_minutes_of('ts') }} as window_start,
        coalesce(person_hash, '') as person_hash,
        {% for name, condition in counts.items() %}
            count(*) filter (where {{ condition }}) as {{ name }},
        {% endfor %}
        max(_load_id) as _load_id
    from arrived
    group by window_start, coalesce(person_hash, '')

),

final as (

    select
        counted.window_start,
        counted.person_hash,
        -- an event never changes after it arrived, so it is added to what stands
        {% for name in counts %}
            {% if is_incremental() %}
                counted.{{ name }} + coalesce(known.{{ name }}, 0) as {{ name }},
            {% else %}
                counted.{{ name }},
            {% endif %}
        {% endfor %}
        counted._load_id
    from counted
    {% if is_incremental() %}
        left join {{ this }} as known
            on
                counted.window_start = known.window_start
                and counted.person_hash = known.person_hash
    {% endif %}

)

select * from final
