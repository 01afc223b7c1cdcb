"""Numbers of dashboards about money, against SQL."""

from superset_numbers import Number

MONEY = [
    Number(
        "executive",
        "Overview",
        "Completion rate (%)",
        """
        select to_char(100.0 * sum(completed_count) / sum(eligible_count), 'FM990.0') || '%'
        from marts_learning.course_completion_rates where denominator = 'enrolled'
        """,
    ),
    Number(
        "executive",
        "Overview",
        "Net revenue (EUR)",
        """
        select to_char(sum(net), 'FM999,999,990.00') from marts_finance.fact_balance_transaction
        where currency = 'EUR' and ledger_group in ('sales', 'refunds', 'disputes', 'fees')
        """,
    ),
    Number(
        "executive",
        "Overview",
        "Monthly recurring revenue (EUR)",
        """
        select to_char(sum(mrr_reporting), 'FM999,999,990.00')
        from marts_finance.fact_mrr_monthly
        where month_start_date = (select max(month_start_date) from marts_finance.fact_mrr_monthly)
        """,
    ),
    Number(
        "sales_funnel",
        "Sales",
        "Orders",
        """
        select count(*)::text from marts_commerce.fact_orders where not is_misdated
        """,
    ),
    Number(
        "sales_funnel",
        "Sales",
        "Sales (EUR)",
        """
        select to_char(sum(line_amount_reporting), 'FM999,999,990.00')
        from marts_commerce.fact_order_items where not is_misdated
        """,
    ),
    Number(
        "sales_funnel",
        "To completion",
        "Opened by buyers (%)",
        """
        select to_char(
            100.0 * count(*) filter (where first_access_at is not null) / count(*), 'FM990.0'
        ) || '%'
        from marts_cross.funnel_to_completion where purchase_at is not null
        """,
    ),
    Number(
        "subscriptions_churn",
        "Recurring revenue",
        "MRR (EUR)",
        """
        select to_char(sum(mrr_reporting), 'FM999,999,990.00') from marts_finance.fact_mrr_monthly
        where month_start_date = (select max(month_start_date) from marts_finance.fact_mrr_monthly)
        """,
    ),
    Number(
        "subscriptions_churn",
        "Recurring revenue",
        "Customers with a subscription",
        """
        select count(distinct customer_id)::text from marts_finance.fact_mrr_monthly
        where month_start_date = (select max(month_start_date) from marts_finance.fact_mrr_monthly)
        """,
    ),
    Number(
        "subscriptions_churn",
        "Subscriptions now",
        "Subscriptions that will end",
        """
        select count(*)::text from marts_finance.dim_subscription
        where is_current and cancel_at_period_end and ended_at is null
        """,
    ),
    Number(
        "refunds_disputes",
        "Refunds",
        "Refunds",
        """
        select count(*)::text from marts_finance.fact_refund where is_succeeded
        """,
    ),
    Number(
        "refunds_disputes",
        "Refunds",
        "Refunded (EUR)",
        """
        select to_char(sum(amount_reporting), 'FM999,999,990.00')
        from marts_finance.fact_refund where is_succeeded
        """,
    ),
    Number(
        "refunds_disputes",
        "Disputes",
        "Disputes opened",
        """
        select count(*)::text from marts_finance.fact_dispute
        where not is_inquiry and status <> 'prevented'
        """,
    ),
    Number(
        "course_revenue",
        "Courses",
        "Net revenue (EUR)",
        """
        select to_char(sum(net), 'FM999,999,990.00') from marts_finance.fact_balance_transaction
        where currency = 'EUR' and ledger_group in ('sales', 'refunds', 'disputes', 'fees')
        """,
    ),
    Number(
        "course_revenue",
        "Lifetime value",
        "Learners somebody paid for",
        """
        select count(*)::text from marts_cross.learner_lifetime_value
        where first_paid_at is not null
        """,
    ),
    Number(
        "course_revenue",
        "Lifetime value",
        "Lifetime value so far (EUR)",
        """
        select to_char(avg(net_reporting), 'FM999,999,990.00')
        from marts_cross.learner_lifetime_value where first_paid_at is not null
        """,
    ),
    Number(
        "quarterly_review",
        "Money",
        "Net revenue (EUR)",
        """
        select to_char(sum(net), 'FM999,999,990.00') from marts_finance.fact_balance_transaction
        where
            currency = 'EUR'
            and ledger_group in ('sales', 'refunds', 'disputes', 'fees')
            and date_trunc('quarter', created_at at time zone 'UTC') = (
                select date_trunc('quarter', max(date)) from marts_finance.finance_daily_summary
            )
        """,
    ),
    Number(
        "quarterly_review",
        "Learning",
        "Enrolments",
        """
        select sum(eligible_count)::text from marts_learning.course_completion_rates
        where
            denominator = 'enrolled'
            and date_trunc('quarter', cohort_month) = (
                select date_trunc('quarter', max(cohort_month))
                from marts_learning.course_completion_rates
            )
        """,
    ),
]
