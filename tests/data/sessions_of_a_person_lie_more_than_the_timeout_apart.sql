-- Proves that sessions of one person never overlap and that each starts more than the timeout after
-- the one before: what lies closer is one session.
with sessions as (

    select
        session_id,
        session_start,
        lag(session_end) over (
            partition by student_hash order by session_start, session_end
        ) as previous_end
    from {{ ref('fact_session') }}

)

select *
from sessions
where session_start - previous_end <= interval '{{ var("session_timeout_minutes") }} minutes'
