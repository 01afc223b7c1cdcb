{{ elementary.empty_table(elementary._text_columns("""
    column_state_id full_column_name full_table_name column_name data_type
""") + [
    ('is_new', 'boolean'), ('detected_at', 'timestamp'), ('created_at', 'timestamp'),
]) }}
