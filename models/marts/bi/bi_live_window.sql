-- One row per stream, five minutes of its last day and thing anything happened with.
{{ config(meta={'grain': ['stream', 'window_start', 'subject'], 'owner': 'data-team'}) }}

{%- set streams = {
    'looks in the shop': ('fact_clicks', 'product_id'),
    'changes of carts': ('fact_cart', 'product_id'),
    'orders': ('fact_orders', 'currency'),
} %}

with page_views as (

    select * from {{ ref('page_view_window_5m') }}

),

{% for stream, (model, subject) in streams.items() %}
    {{ model }} as (

        select
            ts,
            coalesce({{ subject }}, 'unknown') as subject
        from {{ ref(model) }}
        where not is_misdated

    ),
{% endfor %}

windows as (

    select
        'page views' as stream,
        window_start,
        page as subject,
        view_count as events_count
    from page_views

    {% for stream, (model, subject) in streams.items() %}
        union all

        select
            '{{ stream }}' as stream,
            date_bin('5 minutes', ts, '2000-01-01 00:00+00') as window_start,
            subject,
            count(*)::integer as events_count
        from {{ model }}
        group by window_start, subject
    {% endfor %}

),

ends as (

    select
        stream,
        max(window_start) as last_start
    from windows
    group by stream

),

final as (

    select
        windows.stream,
        windows.window_start,
        windows.subject,
        windows.events_count
    from windows
    inner join ends on windows.stream = ends.stream
    where windows.window_start > ends.last_start - interval '1 day'

)

select * from final
