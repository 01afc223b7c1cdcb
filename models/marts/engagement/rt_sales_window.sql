-- One row per window of the last two days, of five minutes each or sliding over an hour: the shop.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['window_minutes', 'window_start'], 'unique': true}],
        tags=['near_real_time'],
        meta={'grain': ['window_minutes', 'window_start'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set lengths = [5, var('rt_sliding_minutes')] %}
{%- set counts = ['clicks_count', 'carts_count', 'orders_count'] %}
{%- set people = {'visitors': 'shop_events_count', 'buyers': 'orders_count'} %}

with people as (

    select * from {{ ref('int_events__recent_people') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

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

-- what was ordered is asked of the orders anew each time: rates arrive late, and are restated
orders as (

    select * from {{ ref('int_events__recent_events') }}
    where topic = 'purchase'

),

revenue as (

    select
        {{ five_minutes_of('orders.ts') }} as window_start,
        sum({{ reporting_amount('orders.total_amount', 'orders.currency') }}) as revenue_reporting,
        count(*) filter (
            where {{ reporting_amount('orders.total_amount', 'orders.currency') }} is null
        ) as unrated_orders_count
    from orders
    left join fx_daily as fx
        on orders.currency = fx.currency and {{ local_date('orders.ts') }} = fx.rate_date
    group by window_start

),

{% for group, evidence in people.items() %}
    {{ group }} as (

        select
            window_start,
            person_hash
        from people
        where {{ evidence }} > 0 and person_hash <> ''

    ),

    {% for minutes in lengths %}
        {{ group }}_{{ minutes }} as (

            {{ people_steps(group, minutes) }}

        ),
    {% endfor %}
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
            sum(revenue.revenue_reporting) over sliding as revenue_reporting,
            sum(revenue.unrated_orders_count) over sliding as unrated_orders_count,
            sum(visitors.change) over (order by steps.window_start) as visitors_count,
            sum(buyers.change) over (order by steps.window_start) as buyers_count,
            max(counted._load_id) over sliding as _load_id
        from steps
        left join counted on steps.window_start = counted.window_start
        left join revenue on steps.window_start = revenue.window_start
        left join visitors_{{ minutes }} as visitors on steps.window_start = visitors.window_start
        left join buyers_{{ minutes }} as buyers on steps.window_start = buyers.window_start
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
        {% for name in counts + ['unrated_orders_count', 'visitors_count', 'buyers_count'] %}
            coalesce({{ name }}, 0)::integer as {{ name }},
        {% endfor %}
        coalesce(revenue_reporting, 0)::numeric(24, 4) as revenue_reporting,
        round(buyers_count / nullif(visitors_count, 0), 4)::numeric(5, 4) as conversion_rate,
        coalesce(_load_id, 0)::bigint as _load_id
    from windows
    where is_shown

)

select * from final
