-- One row per version of a coupon of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['coupon_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'coupon'

),

final as (

    select
        ---------- ids
        versions.object_id as coupon_id,

        ---------- when it was so
        versions.valid_from,
        versions.valid_to,
        versions.version_no,
        versions.is_current,
        versions.is_deleted,

        ---------- what it takes off
        coupon.name,
        coupon.percent_off,
        coupon.amount_off as amount_off_minor,
        upper(coupon.currency) as currency,
        coupon.duration,
        coupon.duration_in_months,
        coalesce(coupon.valid, false) as is_redeemable,
        {{ epoch_to_timestamp('coupon.created') }} as created_at,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as coupon (
            name text,
            percent_off numeric,
            amount_off numeric,
            currency text,
            duration text,
            duration_in_months integer,
            valid boolean,
            created bigint
        )

)

select * from final
