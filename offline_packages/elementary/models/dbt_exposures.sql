{{ elementary.empty_table(elementary._text_columns("""
    unique_id name maturity type owner_email owner_name url depends_on_macros
    depends_on_nodes depends_on_columns description tags meta package_name original_path
    path generated_at metadata_hash label raw_queries
""")) }}
