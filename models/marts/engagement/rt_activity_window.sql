-- One row per window of the last two days, of five minutes each or sliding over an hour: learning.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['window_minutes', 'window_start'], 'unique': true}],
        tags=['near_real_time'],
        meta={'grain': ['window_minutes', 'window_start'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set lengths = [5, var('rt_sliding_minutes')] %}
{%- set counts = ['events_count', 'views_count', 'errors_count'] %}

with people as (

    select * from {{ ref('int_events__recent_people') }}

),

steps as (

    {{ five_minute_steps('people') }}

),

counted as (

    select
        window_start,
        {% for name in counts %}
            sum({{ name }}) as {{ name }},
        {% endfor %}
        max(_load_id) as _load_id
    from people
    group by window_start

),

active as (

    select
        window_start,
        person_hash
    from people
    where engagement_count > 0 and person_hash <> ''

),

{% for minutes in lengths %}
    active_{{ minutes }} as (

        {{ people_steps('active', minutes) }}

    ),
{% endfor %}

windows as (

    {% for minutes in lengths %}
        select
            {{ minutes }} as window_minutes,
            steps.window_start + interval '5 minutes' as window_end,
            steps.is_shown,
            {% for name in counts %}
                sum(counted.{{ name }}) over sliding as {{ name }},
            {% endfor %}
            sum(active.change) over (order by steps.window_start) as active_learners_count,
            max(counted._load_id) over sliding as _load_id
        from steps
        left join counted on steps.window_start = counted.window_start
        left join active_{{ minutes }} as active on steps.window_start = active.window_start
        window
            sliding as (
                order by steps.window_start
                rows between {{ minutes // 5 - 1 }} preceding and current row
            )
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        window_minutes,
        window_end - window_minutes * interval '1 minute' as window_start,
        window_end,
        {% for name in counts + ['active_learners_count'] %}
            coalesce({{ name }}, 0)::integer as {{ name }},
        {% endfor %}
        round(errors_count / nullif(events_count, 0), 4)::numeric(5, 4) as error_rate,
        coalesce(_load_id, 0)::bigint as _load_id
    from windows
    where is_shown

)

select * from final
