"""Numbers of dashboards about learning, against SQL."""

from superset_numbers import Number

LEARNING = [
    Number(
        "courses_progress",
        "Courses",
        "Learners in courses",
        """
        select count(*)::text
        from marts_learning.fact_course_completion where is_student and has_open_account
        """,
    ),
    Number(
        "courses_progress",
        "Courses",
        "Started (%)",
        """
        select to_char(100.0 * count(*) filter (where is_started) / count(*), 'FM990.0') || '%'
        from marts_learning.fact_course_completion where is_student and has_open_account
        """,
    ),
    Number(
        "course_detail",
        "Overview",
        "Learners",
        """
        select count(*)::text from marts_learning.fact_course_completion
        where is_student and has_open_account
        """,
    ),
    Number(
        "course_detail",
        "Assignments and quizzes",
        "Assignments handed in",
        """
        select count(*)::text from marts_learning.fact_assignment_submission
        where is_latest and is_submitted and not is_deleted
        """,
    ),
    Number(
        "at_risk_learners",
        "Overview",
        "Learners to look at",
        """
        select count(*)::text from marts_learning.learner_course_snapshot_weekly
        where is_current_week and (is_never_started or is_gone_quiet or is_at_risk)
        """,
    ),
    Number(
        "at_risk_learners",
        "Overview",
        "Never started",
        """
        select count(*)::text from marts_learning.learner_course_snapshot_weekly
        where is_current_week and is_never_started
        """,
    ),
    Number(
        "individual_learner",
        "Overview",
        "Courses",
        """
        select count(distinct course_id)::text from marts_learning.fact_course_completion
        where is_student and has_open_account
        """,
    ),
    Number(
        "individual_learner",
        "Overview",
        "Mean grade (%)",
        """
        select to_char(avg(grade_pct), 'FM990.0') from marts_learning.fact_grade
        where is_current and not is_deleted and item_type = 'mod' and final_grade is not null
        """,
    ),
    Number(
        "quiz_quality",
        "Quizzes",
        "Attempts",
        """
        select to_char(count(*), 'FM999,999') from marts_learning.fact_quiz_attempt
        where not is_preview and not is_deleted and student_hash is not null
        """,
    ),
    Number(
        "quiz_quality",
        "Quizzes",
        "Mean grade (%)",
        """
        select to_char(avg(grade_pct), 'FM990.0') from marts_learning.fact_quiz_attempt
        where is_counted
        """,
    ),
    Number(
        "quiz_quality",
        "Quality of questions",
        "Questions",
        """
        select count(*)::text from marts_learning.question_item_statistics
        where attempt_scope = 'first'
        """,
    ),
    Number(
        "chapter_engagement",
        "Engagement",
        "Visits",
        """
        select to_char(sum(visits_count), 'FM999,999') from marts_learning.chapter_engagement
        """,
    ),
    Number(
        "chapter_engagement",
        "Engagement",
        "Drop-off (%)",
        """
        select to_char(
            100 - 100.0 * sum(retained_students) / sum(eligible_students), 'FM990.0'
        ) || '%'
        from marts_learning.chapter_engagement
        where dropoff_rate is not null
        """,
    ),
    Number(
        "meetings_attendance",
        "Meetings",
        "Meetings",
        """
        select count(*)::text from marts_live.fact_meeting
        """,
    ),
    Number(
        "meetings_attendance",
        "Attendance",
        "People who came",
        """
        select count(distinct student_hash)::text from marts_live.fact_meeting_participation
        """,
    ),
    Number(
        "proctoring",
        "Violations",
        "Violations noticed",
        """
        select count(*)::text from marts_proctoring.fact_proctoring_violation
        """,
    ),
    Number(
        "proctoring",
        "Attempts",
        "Reviewed attempts",
        """
        select count(*)::text from (
            select attempt_key from marts_proctoring.fact_proctoring_violation
            group by attempt_key having bool_and(reviewed_outcome <> 'pending')
        ) as reviewed
        """,
    ),
]
