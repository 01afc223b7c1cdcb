-- One row per choice activity.
with source as (

    select * from {{ source('moodle', 'mdl_choice') }}

),

final as (

    select
        ---------- ids
        id as choice_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        showresults as show_results_code,
        (allowupdate = 1) as is_update_allowed,
        (allowmultiple = 1) as is_multiple_allowed,
        (limitanswers = 1) as has_answer_limits,
        (completionsubmit = 1) as is_completed_by_answer,
        ---------- timestamps
        {{ epoch_to_timestamp('timeopen') }} as opens_at,
        {{ epoch_to_timestamp('timeclose') }} as closes_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
