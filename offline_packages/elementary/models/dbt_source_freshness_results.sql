{{ elementary.empty_table(elementary._text_columns("""
    source_freshness_execution_id unique_id max_loaded_at snapshotted_at generated_at
    status error compile_started_at compile_completed_at execute_started_at
    execute_completed_at invocation_id warn_after error_after filter
""") + [
    ('created_at', 'timestamp'), ('max_loaded_at_time_ago_in_s', 'float'),
]) }}
