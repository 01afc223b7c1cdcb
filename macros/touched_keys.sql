{#-
    Law 1, for records that may move to another key: the keys to recompute are those of the
    records that arrived and those the model already holds for them. Merging two accounts
    rewrites the person of a record in place, a post moves to another discussion; under its old
    key the record would else stand, or count, for ever.

    Where a row is a key, an increment may find nothing left of an old one: the model uses the
    strategy `recompute` and left joins what it computed to the keys, so that these come back
    empty and are deleted.

    `records`: relation or CTE with `key` (columns), `id` and `_load_id`; `held`: for each column
    of the model that holds an id, the column with the operator that finds it in an array;
    `other_loads`: further columns of the records with load numbers that touch their key.
-#}
{% macro touched_keys(records, key, id, held, other_loads=[]) -%}
    {%- set columns = key | join(', ') -%}
    select {{ columns }} from {{ records }}
    where {{ arrived_since_last_build() }}
    group by {{ columns }}
    {%- for condition in held if is_incremental() %}
    union
    select {{ columns }} from {{ this }}
    where
        {{ condition }} (
            array(
                select newer.{{ id }} from {{ records }} as newer
                where {{ arrived_since_last_build('newer') }}
            )
        )
    {%- endfor %}
    {%- for column in other_loads if is_incremental() %}
    union
    select {{ columns }} from {{ records }}
    where {{ arrived_since_last_build(column=column) }}
    {%- endfor %}
{%- endmacro %}
