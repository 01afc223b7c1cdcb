-- One row per version of a customer of Stripe, without name, address and e-mail.
{{
    config(
        materialized='table',
        meta={'grain': ['customer_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'customer'

),

final as (

    select
        ---------- ids
        versions.object_id as customer_id,
        {{ email_hash('customer.email') }} as email_hash,
        customer.metadata ->> 'moodle_user_id' as moodle_user_id,

        ---------- when it was so
        versions.valid_from,
        versions.valid_to,
        versions.version_no,
        versions.is_current,
        versions.is_deleted,

        ---------- who it is
        coalesce(customer.metadata ->> 'relationship', 'self') as relationship_type,
        coalesce(customer.metadata ->> 'email_verified' = 'true', false) as is_email_verified,
        upper(customer.address ->> 'country') as country,
        upper(customer.currency) as currency,
        coalesce(customer.delinquent, false) as is_delinquent,
        {{ stripe_metadata('customer.metadata') }} as metadata,
        {{ epoch_to_timestamp('customer.created') }} as created_at,

        ---------- bookkeeping
        versions.livemode,
        versions.account,
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as customer (
            email text,
            address jsonb,
            currency text,
            delinquent boolean,
            metadata jsonb,
            created bigint
        )

)

select * from final
