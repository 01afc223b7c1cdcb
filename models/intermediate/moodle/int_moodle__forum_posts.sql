-- One row per forum post ever loaded, with its forum; the text stays in Moodle.
with posts as (

    select * from {{ ref('stg_moodle__forum_posts') }}

),

discussions as (

    select * from {{ ref('stg_moodle__forum_discussions') }}

),

activities as (

    select * from {{ ref('int_moodle__activity_instances') }}
    where module_name = 'forum'

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select
        ---------- ids
        posts.forum_post_id as post_id,
        posts.forum_discussion_id as discussion_id,
        discussions.forum_id,
        activities.activity_id,
        coalesce(discussions.course_id, activities.course_id) as course_id,
        case
            when posts.user_id > 0 and posts.user_id <> site.guest_user_id
                then {{ student_hash('pseudonyms', 'moodle', 'posts.user_id') }}
        end as student_hash,
        nullif(posts.parent_post_id, 0) as parent_id,

        ---------- states
        coalesce(posts.private_reply_to_user_id, 0) <> 0 as is_private_reply,
        posts.is_erased,
        posts.has_attachment,

        coalesce(
            posts.parent_post_id <> 0
            and posts.user_id <> discussions.user_id
            and not posts.is_deleted
            and not discussions.is_deleted,
            false
        ) as is_response,

        ---------- amounts
        case
            when posts.user_id <> parents.user_id and posts.created_at >= parents.created_at
                then extract(epoch from posts.created_at - parents.created_at)
        end::integer as response_latency_seconds,
        posts.word_count,
        posts.character_count as char_count,

        ---------- timestamps
        posts.created_at as posted_at,

        ---------- bookkeeping
        -- deleting a discussion deletes its posts
        posts.is_deleted or coalesce(discussions.is_deleted, false) as is_deleted,
        greatest(
            posts._load_id, parents._load_id, discussions._load_id, activities._load_id
        ) as _load_id,
        greatest(
            posts._loaded_at, parents._loaded_at, discussions._loaded_at, activities._loaded_at
        ) as _loaded_at
    from posts
    cross join site
    left join posts as parents on posts.parent_post_id = parents.forum_post_id
    left join discussions on posts.forum_discussion_id = discussions.forum_discussion_id
    left join activities on discussions.forum_id = activities.instance_id
    left join pseudonyms on pseudonyms.source_user_id = posts.user_id::text

)

select * from final
