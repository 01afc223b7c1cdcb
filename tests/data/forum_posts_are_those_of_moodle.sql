-- Proves that every post is a row of the fact and a discussion has one first response at most.
with posts as (

    select
        forum_post_id,
        forum_discussion_id,
        word_count
    from {{ ref('stg_moodle__forum_posts') }}

),

facts as (

    select * from {{ ref('fact_forum_post') }}

),

mismatches as (

    select coalesce(posts.forum_post_id, facts.post_id) as id
    from posts
    full outer join facts on posts.forum_post_id = facts.post_id
    where
        (posts.forum_discussion_id, posts.word_count)
        is distinct from (facts.discussion_id, facts.word_count)

),

several_first_responses as (

    select discussion_id as id
    from facts
    where is_first_response
    group by discussion_id
    having count(*) > 1

)

select * from mismatches
union all
select * from several_first_responses
