-- One row per refund that a credit note made.
{{ config(meta={'grain': ['refund_id'], 'owner': 'data-team'}) }}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'credit_note' and is_current and not is_deleted

),

-- one refund at most, later a list
named as (

    select
        versions.object_id as credit_note_id,
        {{ stripe_id('credit_note.refund') }} as refund_id
    from versions
    cross join lateral jsonb_to_record(versions.payload) as credit_note (refund jsonb)

    union all

    select
        versions.object_id as credit_note_id,
        {{ stripe_id("listed.value -> 'refund'") }} as refund_id
    from versions
    cross join lateral jsonb_to_record(versions.payload) as credit_note (refunds jsonb)
    cross join
        lateral jsonb_array_elements(
            case when jsonb_typeof(credit_note.refunds) = 'array' then credit_note.refunds end
        ) as listed (value)

),

final as (

    select
        refund_id,
        min(credit_note_id) as credit_note_id
    from named
    where refund_id is not null
    group by refund_id

)

select * from final
