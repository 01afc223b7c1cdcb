{{ config(indexes=[{'columns': ['elementary_test_results_id']}]) }}

{{ elementary.empty_table(elementary._text_columns("""
    elementary_test_results_id result_row test_type
""") + [
    ('detected_at', 'timestamp'), ('created_at', 'timestamp'), ('row_index', 'int'),
]) }}
