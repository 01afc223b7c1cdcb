{{ config(indexes=[{'columns': ['metric_properties', 'bucket_end']}]) }}

{{ elementary.empty_table(elementary._text_columns("""
    id full_table_name column_name metric_name metric_type source_value dimension
    dimension_value metric_properties
""") + [
    ('metric_value', 'float'), ('bucket_start', 'timestamp'), ('bucket_end', 'timestamp'),
    ('bucket_duration_hours', 'int'), ('updated_at', 'timestamp'), ('created_at', 'timestamp'),
]) }}
