-- One row per survey handed in.
with source as (

    select * from {{ source('moodle', 'mdl_feedback_completed') }}

),

final as (

    select
        ---------- ids
        id as feedback_response_id,
        feedback as feedback_id,
        courseid as course_id,
        -- who was promised anonymity is not named
        case when anonymous_response <> 1 then userid end as user_id,
        random_response as random_response_number,
        ---------- states
        (anonymous_response = 1) as is_anonymous,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as submitted_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
