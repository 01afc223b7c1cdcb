{{ config(indexes=[{'columns': ['unique_id', 'created_at']}]) }}

{{ elementary.empty_table(elementary._text_columns("""
    model_execution_id unique_id invocation_id generated_at name message status
    resource_type execute_started_at execute_completed_at compile_started_at
    compile_completed_at compiled_code query_id thread_id materialization adapter_response
    group_name
""") + [
    ('created_at', 'timestamp'), ('execution_time', 'float'), ('rows_affected', 'bigint'),
    ('full_refresh', 'boolean'), ('failures', 'bigint'),
]) }}
