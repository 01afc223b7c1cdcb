-- One row per lane of data: the last thing the warehouse knows to have happened in it.
{{ config(meta={'grain': ['lane'], 'owner': 'data-team'}) }}

{#- what a clock that ran ahead reports says nothing about now -#}
{%- set lanes = {
    'learning': ('int_learning__objects_seen', 'last_seen_at', "object_type = 'site'"),
    'shop': ('fact_clicks', 'ts', 'ts <= _loaded_at'),
    'money': ('fact_balance_transaction', 'created_at', 'true'),
    'meetings': ('fact_meeting_participation', 'joined_at', 'joined_at <= _loaded_at'),
    'proctoring': ('fact_proctoring_violation', 'ts', 'ts <= _loaded_at'),
} %}

with lanes as (

    {% for lane, (model, happened_at, only) in lanes.items() %}
        select
            '{{ lane }}' as lane,
            max({{ happened_at }}) as as_of
        from {{ ref(model) }}
        where {{ only }}

        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

final as (

    select
        lane,
        as_of
    from lanes

)

select * from final
