-- Proves that every submission of a person is a row of the fact and nothing else is, in the state
-- Moodle has it, and that a team's members share one hand-in.
with submissions as (

    select
        submissions.assign_submission_id,
        submissions.submission_status,
        submissions.is_latest,
        submissions.is_deleted
    from {{ ref('stg_moodle__assign_submission') }} as submissions
    cross join {{ ref('int_moodle__site') }} as site
    where submissions.user_id not in (0, site.guest_user_id)

),

facts as (

    select * from {{ ref('fact_assignment_submission') }}

)

select
    submissions.assign_submission_id,
    facts.submission_id
from submissions
full outer join facts on submissions.assign_submission_id = facts.submission_id
where
    (submissions.submission_status, submissions.is_latest, submissions.is_deleted)
    is distinct from (facts.status, facts.is_latest, facts.is_deleted)
    or (facts.status = 'submitted' and not facts.is_team and not facts.is_submitted)
