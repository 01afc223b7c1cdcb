"""New objects of the billing part, in the shape of API version 2026-10-28.endive."""

from typing import Any

from ingest.simulate.money.account import Object


def product(id_: str, created: int, name: str, metadata: dict[str, str]) -> Object:
    return {
        "id": id_,
        "object": "product",
        "active": True,
        "created": created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": True,
        "marketing_features": [],
        "metadata": metadata,
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": "txcd_20060044",
        "type": "service",
        "unit_label": None,
        "updated": created,
        "url": None,
    }


def price(id_: str, created: int, product: str, currency: str, fields: dict[str, Any]) -> Object:
    """One-time unless `fields` say otherwise. Tiers are shown to those who ask: `_tiers`."""
    return {
        "id": id_,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": True,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if fields.get("recurring") else "one_time",
        "unit_amount": None,
        "unit_amount_decimal": None,
        "_tiers": None,
        **fields,
    }


def recurring(interval: str, count: int, usage_type: str) -> Object:
    return {
        "interval": interval,
        "interval_count": count,
        "meter": "mtr_61CoursehouseTutoring" if usage_type == "metered" else None,
        "trial_period_days": None,
        "usage_type": usage_type,
    }


def coupon(id_: str, created: int, fields: dict[str, Any]) -> Object:
    return {
        "id": id_,
        "object": "coupon",
        "amount_off": None,
        "created": created,
        "currency": None,
        "duration": "once",
        "duration_in_months": None,
        "livemode": True,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
        **fields,
    }


def discount(id_: str, start: int, end: int | None, coupon: Object, of: Object) -> Object:
    """Of a subscription."""
    return {
        "id": id_,
        "object": "discount",
        "checkout_session": None,
        "customer": of["customer"],
        "end": end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": start,
        "subscription": of["id"],
        "subscription_item": None,
        "_coupon": coupon,
    }


def tax_rate(id_: str, created: int, country: str, percentage: float, is_inclusive: bool) -> Object:
    return {
        "id": id_,
        "object": "tax_rate",
        "active": True,
        "country": country,
        "created": created,
        "description": None,
        "display_name": "Sales tax" if country == "US" else "VAT",
        "effective_percentage": percentage,
        "flat_amount": None,
        "inclusive": is_inclusive,
        "jurisdiction": country,
        "jurisdiction_level": "country",
        "livemode": True,
        "metadata": {},
        "percentage": percentage,
        "rate_type": "percentage",
        "state": None,
        "tax_type": "sales_tax" if country == "US" else "vat",
    }


def subscription_item(
    id_: str, created: int, subscription: str, price: Object, quantity: int | None
) -> Object:
    item: Object = {
        "id": id_,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": created,
        "current_period_start": created,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "subscription": subscription,
        "tax_rates": [],
    }
    return item if quantity is None else {**item, "quantity": quantity}


def plan(price: Object) -> Object:
    """A recurring price under its older name."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "livemode": True,
        "metadata": {},
        "nickname": None,
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        **price["recurring"],
    }


def subscription(id_: str, created: int, customer: str, fields: dict[str, Any]) -> Object:
    return {
        "id": id_,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": created,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": created,
        "currency": "eur",
        "customer": customer,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/subscription_items?subscription={id_}",
        },
        "latest_invoice": None,
        "livemode": True,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": created,
        "status": "incomplete",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
        "_discounts": [],
        **fields,
    }
