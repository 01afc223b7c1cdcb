{{ elementary.empty_table(elementary._text_columns("""
    unique_id alias checksum materialization tags meta owner database_name schema_name
    depends_on_macros depends_on_nodes description name package_name original_path path
    patch_path generated_at metadata_hash unique_key incremental_strategy group_name access
""")) }}
