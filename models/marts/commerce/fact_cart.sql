-- One row per change of a visitor's cart in the shop.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='event_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['session_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['event_key'], 'owner': 'data-team'},
    )
}}

with cart_changes as (

    select * from {{ ref('int_commerce__events') }}
    where topic = 'cart' and {{ arrived_since_last_build() }}

),

final as (

    select
        ---------- keys
        event_key,
        user_key,
        learner_key,
        {{ surrogate_key(['product_id']) }} as product_key,
        case when is_misdated then 0 else {{ date_key(local_date('ts')) }} end as date_key,
        case when is_misdated then -1 else {{ time_key('ts') }} end as time_key,

        ---------- ids
        event_id,
        student_hash,
        visitor_hash,
        session_id,
        source_session_id,
        product_id,

        ---------- what happened
        event_kind,
        quantity,
        quantity_change,

        ---------- classification
        lane as source,
        is_anonymous,
        is_misdated,
        event_kind = 'remove' or quantity >= 0 as is_quantity_valid,

        ---------- timestamps
        ts,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from cart_changes

)

select * from final
