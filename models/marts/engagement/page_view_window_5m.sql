-- One row per window of five minutes and page of the application that was asked for in it.
{{
    config(
        materialized='incremental',
        event_time='window_start',
        unique_key=['window_start', 'page'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['window_start', 'page'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['window_start', 'page'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with arrived as (

    {{ first_arrivals(ref('fact_learning_event'), 'user.events') }}

),

windows as (

    select
        date_bin('5 minutes', ts, timestamptz '1970-01-01 00:00:00+00') as window_start,
        page,
        count(*) as view_count,
        max(_first_load_id) as _load_id
    from arrived
    -- a page that failed to load was asked for all the same
    where event_name = 'page_view' and page is not null
    group by window_start, page

),

final as (

    select
        windows.window_start,
        windows.page,
        {% if is_incremental() %}
            (windows.view_count + coalesce(known.view_count, 0))::integer as view_count,
        {% else %}
            windows.view_count::integer as view_count,
        {% endif %}
        windows._load_id
    from windows
    {% if is_incremental() %}
        left join {{ this }} as known
            on windows.window_start = known.window_start and windows.page = known.page
    {% endif %}

)

select * from final
