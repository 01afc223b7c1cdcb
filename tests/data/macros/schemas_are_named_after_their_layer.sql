-- Proves that a schema that a model names gets no prefix, and that others go to the target's.
select 1 as problem
where
    '{{ generate_schema_name(" marts_learning ", none) }}' <> 'marts_learning'
    or '{{ generate_schema_name(none, none) }}' <> '{{ target.schema }}'
