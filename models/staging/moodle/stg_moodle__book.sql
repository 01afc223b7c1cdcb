-- One row per book resource.
with source as (

    select * from {{ source('moodle', 'mdl_book') }}

),

final as (

    select
        ---------- ids
        id as book_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        revision,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
