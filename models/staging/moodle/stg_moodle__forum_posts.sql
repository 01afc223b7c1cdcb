-- One row per forum post.
with source as (

    select * from {{ source('moodle', 'mdl_forum_posts') }}

),

final as (

    select
        ---------- ids
        id as forum_post_id,
        discussion as forum_discussion_id,
        parent as parent_post_id,
        userid as user_id,
        privatereplyto as private_reply_to_user_id,
        ---------- states
        (deleted = 1) as is_erased,
        coalesce(attachment, '') not in ('', '0') as has_attachment,
        ---------- amounts
        wordcount as word_count,
        charcount as character_count,
        ---------- timestamps
        {{ epoch_to_timestamp('created') }} as created_at,
        {{ epoch_to_timestamp('modified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
