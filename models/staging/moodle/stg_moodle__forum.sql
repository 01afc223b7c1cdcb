-- One row per forum.
with source as (

    select * from {{ source('moodle', 'mdl_forum') }}

),

final as (

    select
        ---------- ids
        id as forum_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        type as forum_type,
        forcesubscribe as subscription_code,
        assessed as rating_code,
        completiondiscussions as required_discussion_count,
        completionreplies as required_reply_count,
        completionposts as required_post_count,
        ---------- amounts
        scale as max_rating,
        grade_forum as max_grade,
        lockdiscussionafter as lock_after_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('duedate') }} as due_at,
        {{ epoch_to_timestamp('cutoffdate') }} as closes_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
