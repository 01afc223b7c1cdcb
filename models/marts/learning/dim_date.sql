-- One row per calendar day.
{{ config(meta={'grain': ['date_key'], 'owner': 'data-team'}) }}

with days as (

    select day::date as date
    from generate_series(
        -- without a time zone: a day whose clocks skip midnight would shift all that follow
        timestamp '{{ var("dim_date_start") }}',
        timestamp '{{ var("dim_date_end") }}',
        interval '1 day'
    ) as day

),

final as (

    select
        {{ date_key('date') }} as date_key,
        date,
        date_trunc('week', date)::date as iso_week_start,
        date_trunc('month', date)::date as month_start,
        date_trunc('quarter', date)::date as quarter_start,
        extract(year from date)::integer as year,
        extract(quarter from date)::integer as quarter,
        extract(month from date)::integer as month,
        extract(isoyear from date)::integer as iso_year,
        extract(week from date)::integer as iso_week,
        extract(isodow from date)::integer as iso_day_of_week,
        to_char(date, 'FMDay') as day_name,
        extract(isodow from date) in (6, 7) as is_weekend
    from days

)

select * from final
