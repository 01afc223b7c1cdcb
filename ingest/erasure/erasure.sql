-- Who was erased: a keyed hash of system and id, so that what sources still have is not taken in
-- again. The key is one of its own: pseudonyms may change theirs.
create table if not exists vault.erased (
    subject_hash text primary key,
    erased_at timestamptz not null default now()
);

-- What an erasure did, without saying to whom: table -> rows.
create table if not exists audit.erasure (
    erasure_id bigint generated always as identity primary key,
    erased_at timestamptz not null default clock_timestamp(),
    done_by text not null default session_user,
    load_id bigint not null,
    table_rows jsonb not null
);

create or replace function vault.tombstone(p_system text, p_id text)
returns text
language sql stable parallel safe
set search_path = pg_catalog
as $$
    select encode(
        sha256(k.outer_key || sha256(k.inner_key || convert_to(p_system || ':' || p_id, 'UTF8'))),
        'hex'
    )
    from vault.pseudonym_key as k
    where k.purpose = 'erasure'
$$;

create or replace function vault.is_erased(p_system text, p_id text)
returns boolean
language sql stable parallel safe
set search_path = pg_catalog
as $$
    select exists (
        select from vault.erased where subject_hash = vault.tombstone(p_system, p_id)
    )
$$;

-- A document without the values of `personal` keys, without texts that contain one of `texts` (in
-- lower case), and of `metadata` only the keys of `kept`, unless that is null.
create or replace function vault.scrubbed(
    doc jsonb, personal text [], texts text [], kept text [] default null
)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
    if jsonb_typeof(doc) = 'object' then
        -- what is for sale has a name, too
        if doc ->> 'object' in ('product', 'price', 'plan', 'coupon', 'promotion_code') then
            return doc;
        end if;
        return (
            select coalesce(jsonb_object_agg(
                key,
                case
                    when key = any(personal) then 'null'
                    when key = 'metadata' and jsonb_typeof(value) = 'object' and kept is not null
                        then (
                            select coalesce(jsonb_object_agg(m.key, m.value), '{}')
                            from jsonb_each(value) as m
                            where m.key = any(kept)
                        )
                    else vault.scrubbed(value, personal, texts, kept)
                end
            ), '{}')
            from jsonb_each(doc)
        );
    elsif jsonb_typeof(doc) = 'array' then
        return (
            select coalesce(
                jsonb_agg(vault.scrubbed(value, personal, texts, kept) order by place), '[]'
            )
            from jsonb_array_elements(doc) with ordinality as e (value, place)
        );
    elsif jsonb_typeof(doc) = 'string' and exists (
        select from unnest(texts) as t where position(t in lower(doc #>> '{}')) > 0
    ) then
        return 'null';
    end if;
    return doc;
end
$$;

-- The same of what Stripe tells: money stays, who it was goes.
create or replace function vault.scrubbed_of_stripe(doc jsonb, texts text [] default '{}')
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog
as $$
    select vault.scrubbed(
        doc,
        array[
            'email', 'receipt_email', 'customer_email', 'customer_email_address', 'name',
            'customer_name', 'phone', 'customer_phone', 'address', 'customer_address', 'shipping',
            'customer_shipping', 'billing_details', 'customer_details', 'description', 'evidence',
            'last4', 'fingerprint', 'iin', 'owner', 'individual', 'tax_ids', 'customer_tax_ids',
            'ip', 'client_ip', 'user_agent', 'client_reference_id', 'receipt_url', 'invoice_pdf',
            'hosted_invoice_url', 'client_secret', 'custom_fields'
        ],
        texts,
        array['product_id', 'product_type', 'order_id', 'course_id']
    )
$$;

-- What Stripe tells, scrubbed if it is about somebody who was erased.
create or replace function vault.without_erased(doc jsonb)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog
as $$
begin
    if exists (select from vault.erased) and exists (
        select from jsonb_path_query(doc, '$.**.customer') as c (value)
        where vault.is_erased('stripe', c.value #>> '{}')
        union all
        select from jsonb_path_query(doc, '$.** ? (@.object == "customer").id') as c (value)
        where vault.is_erased('stripe', c.value #>> '{}')
        union all
        select
        from unnest(
            array['email', 'receipt_email', 'customer_email', 'customer_email_address']
        ) as k (key)
        cross join lateral
            jsonb_path_query(doc, ('$.**.' || k.key)::jsonpath) as e (value)
        where vault.is_erased('email', lower(trim(e.value #>> '{}')))
    ) then
        return vault.scrubbed_of_stripe(doc);
    end if;
    return doc;
end
$$;

create or replace function vault.withhold_stripe()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    new.payload := vault.without_erased(new.payload);
    return new;
end
$$;

-- bytes that were signed cannot be scrubbed
create or replace function vault.withhold_stripe_event()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
    scrubbed jsonb := vault.without_erased(new.payload);
begin
    if scrubbed <> new.payload then
        new.payload := scrubbed;
        new.body := null;
    end if;
    return new;
end
$$;

create or replace function vault.jsonb_or_null(bytes bytea)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
    return convert_from(bytes, 'UTF8')::jsonb;
exception when others then
    return null;
end
$$;

-- A person of an event: digits are an account of Moodle, anything else one of an application.
create or replace function vault.is_erased_person(p_id text)
returns boolean
language sql stable parallel safe
set search_path = pg_catalog
as $$
    select coalesce(
        vault.is_erased(case when p_id ~ '^[1-9][0-9]{0,17}$' then 'moodle' else 'app' end, p_id),
        false
    )
$$;

-- tg_argv[0]: the field that holds the person
create or replace function vault.withhold_record()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if vault.is_erased_person(new.payload ->> tg_argv[0]) then
        return null;
    end if;
    return new;
end
$$;

create or replace function vault.withhold_letter()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
    doc jsonb := vault.jsonb_or_null(new.payload);
begin
    if
        jsonb_typeof(doc) = 'object' and (
            vault.is_erased_person(doc ->> 'user_id')
            or vault.is_erased_person(doc ->> 'student_id')
            or vault.is_erased_person(doc ->> 'userid')
        )
    then
        return null;
    end if;
    return new;
end
$$;

revoke all on all tables in schema vault, audit from public;
revoke all on all functions in schema vault from public;
