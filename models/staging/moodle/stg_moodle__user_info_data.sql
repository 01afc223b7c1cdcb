-- One row per person and custom profile field that holds a value.
{%- set birth_date_field = var('birth_date_field') %}

with source as (

    select * from {{ source('moodle', 'mdl_user_info_data') }}

),

fields as (

    select * from {{ source('moodle', 'mdl_user_info_field') }}

),

final as (

    select
        ---------- ids
        source.id as profile_value_id,
        source.userid as user_id,
        source.fieldid as profile_field_id,
        ---------- states
        coalesce(source.data, '') <> '' as has_value,
        ---------- the one value that leaves raw, as coarse as it can be
        case
            when
                fields.shortname = nullif('{{ birth_date_field }}', '')
                and source.data ~ '^-?[0-9]{1,11}$'
                -- Moodle stores a midnight of some time zone: twelve hours later is the same day
                then date_trunc(
                    'month',
                    ({{ epoch_to_timestamp('source.data::bigint') }} + interval '12 hours')
                    at time zone 'UTC'
                )::date
        end as birth_month,
        ---------- bookkeeping
        source._deleted_at is not null as is_deleted,
        source._load_id,
        source._loaded_at
    from source
    left join fields on source.fieldid = fields.id

)

select * from final
