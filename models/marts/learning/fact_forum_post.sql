-- One row per forum post, without its text.
{{
    config(
        materialized='incremental',
        unique_key='post_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['post_id'], 'unique': true},
            {'columns': ['student_hash', 'course_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['post_id'], 'owner': 'data-team'},
    )
}}

with posts as not materialized (

    select * from {{ ref('int_moodle__forum_posts') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

activities as (

    select * from {{ ref('int_learning__activity_versions') }}

),

-- which response is the first depends on all of a discussion, also of one a post was moved from
touched as (

    {{ touched_keys('posts', ['discussion_id'], 'post_id', ['post_id = any']) }}

),

ranked as (

    select
        posts.*,
        row_number() over (
            partition by posts.discussion_id, posts.is_response
            order by posts.posted_at, posts.post_id
        ) as place,
        -- the others of the discussion may change with any of them
        max(posts._load_id) over (partition by posts.discussion_id) as discussion_load_id
    from posts
    inner join touched on posts.discussion_id = touched.discussion_id

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['ranked.post_id']) }} as post_key,
        ranked.post_id,
        ranked.discussion_id,
        ranked.forum_id,
        ranked.activity_id,
        coalesce(activities.activity_key, {{ version_key('ranked.activity_id') }}) as activity_key,
        ranked.course_id,
        coalesce(courses.course_key, {{ version_key('ranked.course_id') }}) as course_key,
        ranked.student_hash,
        coalesce(learners.learner_key, {{ version_key('ranked.student_hash') }}) as learner_key,
        coalesce({{ date_key(local_date('ranked.posted_at')) }}, 0) as date_key,
        ranked.parent_id,

        ---------- measures
        ranked.word_count::integer as word_count,
        ranked.char_count::integer as char_count,
        ranked.posted_at,
        ranked.response_latency_seconds,

        ---------- flags
        ranked.parent_id is not null as is_reply,
        ranked.is_response and ranked.place = 1 as is_first_response,
        ranked.is_private_reply,
        ranked.has_attachment,
        ranked.is_erased,

        ---------- bookkeeping
        ranked.is_deleted,
        ranked.discussion_load_id as _load_id,
        ranked._loaded_at
    from ranked
    left join learners
        on
            ranked.student_hash = learners.student_hash
            and {{ valid_at('learners', 'ranked.posted_at', 'ranked._loaded_at') }}
    left join courses
        on
            ranked.course_id = courses.course_id
            and {{ valid_at('courses', 'ranked.posted_at', 'ranked._loaded_at') }}
    left join activities
        on
            ranked.activity_id = activities.activity_id
            and {{ valid_at('activities', 'ranked.posted_at', 'ranked._loaded_at') }}

)

select * from final
