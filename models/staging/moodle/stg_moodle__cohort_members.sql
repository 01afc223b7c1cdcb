-- One row per person and cohort.
with source as (

    select * from {{ source('moodle', 'mdl_cohort_members') }}

),

final as (

    select
        ---------- ids
        id as cohort_member_id,
        cohortid as cohort_id,
        userid as user_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timeadded') }} as added_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
