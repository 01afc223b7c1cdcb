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

terms as (

    select * from {{ ref('dim_academic_term') }}

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select 0 as date_key

),

final as (

    select
        coalesce({{ date_key('days.date') }}, unknown_member.date_key) as date_key,
        days.date,
        date_trunc('week', days.date)::date as iso_week_start,
        date_trunc('month', days.date)::date as month_start,
        date_trunc('quarter', days.date)::date as quarter_start,
        extract(year from days.date)::integer as year,
        extract(quarter from days.date)::integer as quarter,
        extract(month from days.date)::integer as month,
        extract(isoyear from days.date)::integer as iso_year,
        extract(week from days.date)::integer as iso_week,
        extract(isodow from days.date)::integer as iso_day_of_week,
        to_char(days.date, 'FMDay') as day_name,
        coalesce(terms.term_key, {{ version_key('null::text') }}) as academic_term_key,
        extract(isodow from days.date) in (6, 7) as is_weekend,
        extract(isodow from days.date) in (6, 7)
        or to_char(days.date, 'MM-DD') in ('01-01', '05-01', '12-25', '12-26')
        -- Good Friday and Easter Monday
        or days.date - {{ easter_sunday('extract(year from days.date)') }} in (-2, 1)
            as is_target_closing_day
    from days
    full outer join unknown_member on false
    left join terms on days.date between terms.start_date and terms.end_date

)

select * from final
