-- Proves that sessions of one visitor of the shop never overlap and that each starts more than the
-- timeout after the one before.
with sessions as (

    select
        session_id,
        session_start,
        lag(session_end) over (
            partition by visitor_hash order by session_start, session_end
        ) as previous_end
    from {{ ref('int_commerce__sessions') }}

)

select *
from sessions
where session_start - previous_end <= interval '{{ var("session_timeout_minutes") }} minutes'
