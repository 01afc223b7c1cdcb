-- One row per minute of a day.
{{
    config(
        meta={
            'grain': ['time_key'], 'owner': 'data-team',
            'proof': 'dim_time_has_every_minute_in_its_part_of_the_day',
        },
    )
}}

with minutes as (

    select minute_of_day
    from generate_series(0, 1439) as minute_of_day

),

-- a row beside all others, null in every attribute; its key is not 0, which is midnight
unknown_member as (

    select -1 as time_key

),

final as (

    select
        coalesce(minutes.minute_of_day, unknown_member.time_key) as time_key,
        minutes.minute_of_day / 60 as hour,
        minutes.minute_of_day % 60 as minute,
        case
            when minutes.minute_of_day < 6 * 60 then 'night'
            when minutes.minute_of_day < 12 * 60 then 'morning'
            when minutes.minute_of_day < 18 * 60 then 'afternoon'
            when minutes.minute_of_day < 24 * 60 then 'evening'
        end as day_part
    from minutes
    full outer join unknown_member on false

)

select * from final
