-- Proves that nobody unknown, deleted or suspended holds an active enrolment.
with enrolments as (

    select * from {{ ref('fact_enrollment') }}
    where status = 'active'

),

open_accounts as (

    select * from {{ ref('dim_learner') }}
    where is_current and is_known and not is_deleted and not is_suspended

)

select
    enrolments.enrollment_id,
    enrolments.student_hash
from enrolments
left join open_accounts on enrolments.student_hash = open_accounts.student_hash
where open_accounts.student_hash is null
