-- One row per forum discussion.
with source as (

    select * from {{ source('moodle', 'mdl_forum_discussions') }}

),

final as (

    select
        ---------- ids
        id as forum_discussion_id,
        course as course_id,
        forum as forum_id,
        firstpost as first_post_id,
        groupid as group_id,
        userid as user_id,
        usermodified as last_post_user_id,
        ---------- states
        (pinned = 1) as is_pinned,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as last_post_at,
        {{ epoch_to_timestamp('timestart') }} as shows_from_at,
        {{ epoch_to_timestamp('timeend') }} as shows_until_at,
        {{ epoch_to_timestamp('timelocked') }} as locked_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
