-- Proves, per segment and day: MAU = MAU of the day before + new + resurrected - dormant.
with days as (

    select
        segment,
        date,
        mau,
        new_count,
        resurrected_count,
        dormant_count,
        lag(mau, 1, 0) over (partition by segment order by date) as mau_before
    from {{ ref('fact_daily_active_users') }}

)

select *
from days
where mau <> mau_before + new_count + resurrected_count - dormant_count
