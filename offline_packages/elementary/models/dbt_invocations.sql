{{ elementary.empty_table(elementary._text_columns("""
    invocation_id job_id job_name job_run_id run_started_at run_completed_at generated_at
    command dbt_version elementary_version invocation_vars vars target_name target_database
    target_schema target_profile_name selected yaml_selector project_id project_name env
    env_id cause_category cause pull_request_id git_sha orchestrator dbt_user job_url
    job_run_url account_id target_adapter_specific_fields
""") + [
    ('created_at', 'timestamp'), ('full_refresh', 'boolean'), ('threads', 'int'),
]) }}
