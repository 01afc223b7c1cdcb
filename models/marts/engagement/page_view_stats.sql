-- One row per hour of a day and page of the application that was asked for in it.
{{
    config(
        materialized='view',
        meta={'grain': ['date', 'hour', 'page'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with windows as (

    select
        *,
        window_start at time zone '{{ var("reporting_timezone") }}' as local_start
    from {{ ref('page_view_window_5m') }}

),

final as (

    select
        local_start::date as date,
        extract(hour from local_start)::integer as hour,
        page,
        sum(view_count)::integer as view_count
    from windows
    group by date, hour, page

)

select * from final
