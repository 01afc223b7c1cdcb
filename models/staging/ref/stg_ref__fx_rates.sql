-- One row per rate of a currency on a day as it was read, restated ones beside those before.
with source as (

    select * from {{ source('ref', 'fx_rates') }}

),

final as (

    select
        ---------- ids
        provider,
        currency,
        rate_date,
        ---------- what was read
        units_per_eur,
        ---------- timestamps
        fetched_at,
        ---------- bookkeeping
        _load_id,
        _loaded_at
    from source

)

select * from final
