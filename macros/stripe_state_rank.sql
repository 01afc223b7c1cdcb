{#-
    How far an object of Stripe is in its life, by an event and the object it carries: a state of
    higher rank comes later. States between which an object goes back and forth (a subscription
    that is active, past due and active again) share a rank.
-#}
{% macro stripe_state_rank(event_type, payload) -%}
    case
        when {{ event_type }} like '%.created' then 0
        when {{ event_type }} like '%.deleted' then 9
        else
            case {{ payload }} ->> 'status'
                {%- for rank, states in {
                    1: ['draft', 'pending', 'incomplete', 'requires_confirmation'],
                    3: ['processing', 'under_review', 'warning_under_review', 'uncollectible'],
                    4: ['requires_capture'],
                    5: [
                        'succeeded', 'paid', 'void', 'won', 'lost', 'warning_closed', 'prevented',
                        'complete', 'expired', 'incomplete_expired',
                    ],
                    6: ['failed', 'canceled'],
                }.items() -%}
                {%- for state in states %}
                when '{{ state }}' then {{ rank }}
                {%- endfor -%}
                {%- endfor %}
                -- an intent that waits for another means of payment because the first one failed
                when 'requires_payment_method'
                    then case when {{ payload }} ->> 'last_payment_error' is null then 1 else 4 end
                else 2
            end
    end
{%- endmacro %}
