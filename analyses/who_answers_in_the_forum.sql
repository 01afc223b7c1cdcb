-- Who answers when a learner asks in the forum, how soon, and what is left without an answer?
with posts as (

    select * from {{ ref('fact_forum_post') }}
    where not is_deleted

),

teaching as (

    select * from {{ ref('bridge_course_instructor') }}

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current

),

-- several roles are one teacher
authored as (

    select
        *,
        exists(
            select 1
            from teaching
            where
                posts.student_hash = teaching.student_hash
                and posts.course_id = teaching.course_id
                and posts.posted_at >= teaching.valid_from
                and posts.posted_at < teaching.valid_to
        ) as is_by_teacher
    from posts

),

-- what teachers begin are announcements, which wait for no answer
asked as (

    select * from authored
    where not is_reply and not is_by_teacher

),

answered as (

    select
        asked.course_id,
        asked.discussion_id,
        answers.is_by_teacher,
        extract(epoch from answers.posted_at - asked.posted_at) / 3600 as hours
    from asked
    left join authored as answers
        on asked.discussion_id = answers.discussion_id and answers.is_first_response

),

by_question as (

    select
        course_id,
        count(*) as asked_count,
        count(*) filter (where is_by_teacher) as teacher_first_count,
        count(*) filter (where not is_by_teacher) as peer_first_count,
        count(*) filter (where is_by_teacher is null) as unanswered_count,
        percentile_cont(array[0.5, 0.9]) within group (order by hours) as hours,
        percentile_cont(0.5) within group (order by hours) filter (where is_by_teacher)
            as teacher_hours,
        percentile_cont(0.5) within group (order by hours) filter (where not is_by_teacher)
            as peer_hours
    from answered
    group by course_id

),

-- the reply graph: who ever answered whom in a course
edges as (

    select
        replies.course_id,
        replies.student_hash as from_hash,
        parents.student_hash as to_hash,
        count(*) as replies_count
    from authored as replies
    inner join authored as parents on replies.parent_id = parents.post_id
    where replies.student_hash != parents.student_hash
    group by replies.course_id, replies.student_hash, parents.student_hash

),

by_edge as (

    select
        edges.course_id,
        sum(edges.replies_count) as replies_count,
        count(*) as pairs_count,
        count(mutual.from_hash) as mutual_pairs_count,
        count(distinct edges.from_hash) as answering_count
    from edges
    left join edges as mutual
        on
            edges.course_id = mutual.course_id
            and edges.from_hash = mutual.to_hash
            and edges.to_hash = mutual.from_hash
    group by edges.course_id

),

final as (

    select
        by_question.course_id,
        courses.shortname,
        by_question.asked_count,
        by_question.teacher_first_count,
        by_question.peer_first_count,
        by_question.unanswered_count,
        round(
            by_question.teacher_first_count::numeric
            / nullif(by_question.teacher_first_count + by_question.peer_first_count, 0), 4
        ) as teacher_first_rate,
        by_question.hours[1]::numeric(10, 1) as median_hours,
        by_question.hours[2]::numeric(10, 1) as p90_hours,
        by_question.teacher_hours::numeric(10, 1) as median_teacher_hours,
        by_question.peer_hours::numeric(10, 1) as median_peer_hours,
        coalesce(by_edge.replies_count, 0) as replies_count,
        coalesce(by_edge.answering_count, 0) as answering_people_count,
        coalesce(by_edge.pairs_count, 0) as reply_pairs_count,
        round(by_edge.mutual_pairs_count::numeric / by_edge.pairs_count, 4) as mutual_rate
    from by_question
    left join by_edge on by_question.course_id = by_edge.course_id
    left join courses on by_question.course_id = courses.course_id
    order by by_question.course_id

)

select * from final
