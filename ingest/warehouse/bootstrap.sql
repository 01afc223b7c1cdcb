-- What must exist before the first load and the first `dbt build`. Safe to run again and again.
create schema if not exists raw_moodle;
create schema if not exists raw_events;
create schema if not exists raw_stripe;
create schema if not exists raw_ref;
create schema if not exists vault;
create schema if not exists audit;
create schema if not exists ops;
create schema if not exists secure;
revoke all on schema raw_moodle, raw_events, raw_stripe, raw_ref, vault, audit, ops, secure
from public;

-- One row per completed load. `load_id` grows in commit order: a publishing transaction takes
-- the advisory lock `coursehouse:publish` before it draws a number (law 1 rests on this).
create table if not exists ops.load_manifest (
    load_id bigint primary key,
    source text not null,
    dlt_load_id text,
    started_at timestamptz not null,
    completed_at timestamptz not null default clock_timestamp(),
    rows_inserted bigint not null default 0,
    rows_updated bigint not null default 0,
    rows_deleted bigint not null default 0,
    tables jsonb not null default '{}'
);

create index if not exists load_manifest_source_ix on ops.load_manifest (source, load_id);

-- One row per run of a load command, written when it ends: also of one that failed or found nothing,
-- which the manifest does not know. The reason is the name of the error's class, never its text.
create table if not exists ops.load_run (
    run_id bigint generated always as identity primary key,
    source text not null,
    started_at timestamptz not null,
    completed_at timestamptz not null default clock_timestamp(),
    status text not null check (status in ('ok', 'failed')),
    error_class text
);

create index if not exists load_run_completed_ix on ops.load_run (completed_at);

-- What loaders, the collector and `coursehouse alert` measured: one row per metric, label set and
-- instant. Names and units stand in ingest/metrics.py; labels never name a person.
create table if not exists ops.metric_sample (
    sample_id bigint generated always as identity primary key,
    metric text not null,
    labels jsonb not null default '{}',
    value double precision not null,
    sampled_at timestamptz not null default clock_timestamp(),
    written_at timestamptz not null default clock_timestamp()
);

create index if not exists metric_sample_series_ix
on ops.metric_sample (metric, labels, sampled_at);
create index if not exists metric_sample_written_ix on ops.metric_sample (written_at);

-- Where reading a Kafka partition goes on: moved in the transaction that stores the rows (law 4).
create table if not exists ops.kafka_position (
    topic text not null,
    partition integer not null,
    next_offset bigint check (next_offset >= 0), -- null: the earliest there is
    topic_id text, -- a topic that was deleted and made anew has another one
    base_offset bigint not null default 0, -- what earlier lives of the topic had: added to offsets
    updated_at timestamptz not null default clock_timestamp(),
    primary key (topic, partition)
);

-- Numbers the records that came over HTTP, in the transaction that stores them.
create table if not exists ops.http_position (
    topic text primary key,
    next_offset bigint not null check (next_offset >= 0),
    updated_at timestamptz not null default clock_timestamp()
);

-- How far Stripe's API was read: moved in the transaction that stores the objects (law 4). Listings
-- go from the newest object to the oldest; one that was cut off goes on at `pass_until`.
create table if not exists ops.stripe_position (
    object_type text not null,
    livemode boolean not null,
    complete_at timestamptz, -- when the last listing that came to its end began
    listed_all_at timestamptz, -- the same of the last listing of all objects, not only young ones
    pass_started_at timestamptz, -- null: no listing is under way
    pass_since timestamptz, -- null: to the very first object
    pass_until timestamptz, -- null: nothing of it is stored yet
    primary key (object_type, livemode)
);

-- One row per batch file: the same content loads once into a topic. `fingerprint` is what the
-- store said of the file (size, times, etag): while it says so, the file need not be read again.
-- `row_count` includes the rejected.
create table if not exists ops.file_manifest (
    file_id integer generated always as identity primary key,
    topic text not null,
    file_name text not null,
    fingerprint text,
    sha256 bytea not null check (length(sha256) = 32),
    size_bytes bigint not null,
    row_count bigint not null,
    rejected_count bigint not null,
    load_id bigint not null,
    loaded_at timestamptz not null default clock_timestamp(),
    unique (topic, sha256)
);

-- The raw archive. A run takes the loads from `first_load_id` to `last_load_id`; it is written down
-- before its files are, so that a run that was cut off is done again under the same names.
create table if not exists ops.archive_run (
    run_id integer generated always as identity primary key,
    first_load_id bigint not null,
    last_load_id bigint not null check (last_load_id >= first_load_id),
    started_at timestamptz not null default clock_timestamp(),
    completed_at timestamptz
);

create unique index if not exists archive_run_one_open
on ops.archive_run ((completed_at is null)) where completed_at is null;

-- One row per archive file. A merged file is written down before it is written too: `merges` names
-- the files whose place it takes. What counts is written, and not superseded.
create table if not exists ops.archive_file (
    file_id integer generated always as identity primary key,
    topic text not null,
    arrival_date date not null,
    file_name text not null unique,
    first_load_id bigint not null,
    last_load_id bigint not null,
    merges integer [],
    row_count bigint,
    size_bytes bigint,
    written_at timestamptz,
    superseded_at timestamptz,
    removed_at timestamptz
);

create index if not exists archive_file_live_ix
on ops.archive_file (topic, arrival_date)
where written_at is not null and superseded_at is null;

-- A backfill: what was asked for, and the steps of it that are done. A run that was cut off is open.
create table if not exists ops.backfill_run (
    run_id integer generated always as identity primary key,
    first_day date not null,
    last_day date not null,
    topics text [] not null,
    marts text [] not null,
    project text not null, -- of the models' files: a changed rule is another backfill
    started_at timestamptz not null default clock_timestamp(),
    completed_at timestamptz
);

create table if not exists ops.backfill_step (
    run_id integer not null references ops.backfill_run,
    step text not null,
    row_count bigint not null,
    completed_at timestamptz not null default clock_timestamp(),
    primary key (run_id, step)
);

-- What no contract lets in: kept as it came, with the reason, until it is replayed (law 4). The
-- reason names fields and rules, never values.
create table if not exists raw_events.dead_letter (
    dead_letter_id bigint generated always as identity primary key,
    topic text not null,
    lane text not null,
    source_partition integer not null,
    source_offset bigint not null,
    key bytea,
    payload bytea,
    produced_at timestamptz,
    error_class text not null,
    reason text not null,
    contract_version text,
    _load_id bigint not null,
    _loaded_at timestamptz not null,
    attempts integer not null default 1,
    last_attempt_at timestamptz,
    replayed_at timestamptz
);

-- apart from the table: there are warehouses without the lane 'api'
alter table raw_events.dead_letter drop constraint if exists dead_letter_lane_check;
alter table raw_events.dead_letter add constraint dead_letter_lane_check
check (lane in ('kafka', 'file', 'http', 'api'));

create index if not exists dead_letter_open_ix
on raw_events.dead_letter (topic, dead_letter_id) where replayed_at is null;

create index if not exists dead_letter_load_ix on raw_events.dead_letter (_load_id);

-- Stripe's events, one row each however often and in whatever order they were delivered. `body` is
-- what was signed, byte for byte; null for events that were asked for.
create table if not exists raw_stripe.events (
    event_id text primary key,
    type text not null,
    api_version text, -- null for thin events, which name an object and do not carry it
    account text, -- of Connect; null for the account's own events
    livemode boolean not null,
    created_at timestamptz not null,
    object_type text,
    object_id text,
    payload jsonb not null,
    body bytea,
    lane text not null check (lane in ('http', 'kafka', 'api')),
    _load_id bigint not null,
    _loaded_at timestamptz not null
);

create index if not exists events_load_ix on raw_stripe.events (_load_id);
create index if not exists events_object_ix on raw_stripe.events (object_type, object_id);

-- Objects as Stripe's list and retrieve calls answered: a row per object and state, kept only where
-- it differs from the one before. `is_deleted`: no call finds it any more.
create table if not exists raw_stripe.objects (
    object_type text not null, -- as `object` says: customer, subscription, balance_transaction ...
    object_id text not null,
    fetched_at timestamptz not null, -- when the call began: the state is at least as new
    api_version text not null,
    account text,
    livemode boolean, -- null where the object does not say
    created_at timestamptz,
    payload jsonb not null,
    is_deleted boolean not null default false,
    _load_id bigint not null,
    _loaded_at timestamptz not null,
    primary key (object_type, object_id, fetched_at)
);

create index if not exists objects_load_ix on raw_stripe.objects (_load_id);
create index if not exists objects_created_ix on raw_stripe.objects (object_type, created_at);

-- Which balance transactions an automatic payout paid out; neither of both objects says so.
create table if not exists raw_stripe.payout_transactions (
    payout_id text not null,
    balance_transaction_id text not null,
    livemode boolean not null,
    fetched_at timestamptz not null,
    _load_id bigint not null,
    _loaded_at timestamptz not null,
    primary key (payout_id, balance_transaction_id)
);

create index if not exists payout_transactions_load_ix
on raw_stripe.payout_transactions (_load_id);

-- Reference rates: units of a currency to one euro. A restated rate is a row of its own.
create table if not exists raw_ref.fx_rates (
    provider text not null, -- ecb
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    rate_date date not null,
    units_per_eur numeric not null check (units_per_eur > 0),
    fetched_at timestamptz not null,
    _load_id bigint not null,
    _loaded_at timestamptz not null,
    primary key (provider, currency, rate_date, fetched_at)
);

create index if not exists fx_rates_load_ix on raw_ref.fx_rates (_load_id);

-- One row per dbt invocation that built or tested something, written by an on-run-end hook.
create table if not exists ops.build_run (
    invocation_id text primary key,
    command text not null,
    started_at timestamptz not null,
    completed_at timestamptz not null,
    status text not null,
    models int not null,
    tests int not null,
    failures int not null
);

-- One row per node such an invocation executed. `message_class` is dbt's word for an error (Database
-- Error, Compilation Error ...), never its text, which may quote values.
create table if not exists ops.build_result (
    invocation_id text not null,
    unique_id text not null,
    resource_type text not null,
    status text not null,
    failures bigint,
    rows_affected bigint,
    started_at timestamptz,
    completed_at timestamptz,
    message_class text,
    primary key (invocation_id, unique_id)
);

create index if not exists build_result_node_ix on ops.build_result (unique_id, completed_at);

-- Messages about alerts, one row per alert, kind and receiver (the hash of its address: addresses
-- are secrets). A sender claims a row with `for update skip locked` and marks it before it commits.
create table if not exists ops.alert_outbox (
    message_id bigint generated always as identity primary key,
    alert_event_key text not null,
    rule text not null,
    labels jsonb not null,
    kind text not null check (kind in ('firing', 'resolved')),
    severity text not null,
    opened_at timestamptz not null,
    receiver text not null,
    title text not null,
    body text not null,
    enqueued_at timestamptz not null default clock_timestamp(),
    attempts integer not null default 0,
    attempted_at timestamptz,
    next_attempt_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz,
    given_up_at timestamptz,
    unique (alert_event_key, kind, receiver)
);

create index if not exists alert_outbox_series_ix on ops.alert_outbox (rule, labels, receiver);
create index if not exists alert_outbox_due_ix
on ops.alert_outbox (next_attempt_at) where sent_at is null and given_up_at is null;

-- Pseudonyms: HMAC-SHA256 with a key that never leaves this schema. Core Postgres has sha256()
-- but no hmac(), so the two padded keys of RFC 2104 are stored instead of the key itself.
create table if not exists vault.pseudonym_key (
    key_version int primary key,
    inner_key bytea not null check (length(inner_key) = 64),
    outer_key bytea not null check (length(outer_key) = 64),
    purpose text not null default 'learner',
    valid_from timestamptz not null default now(),
    valid_to timestamptz
);

create unique index if not exists pseudonym_key_one_current
on vault.pseudonym_key (purpose) where valid_to is null;

-- Same input, same key: same hash. The prefix names the key version, so that a rotation shows.
create or replace function vault.pseudonymise(p_system text, p_id text)
returns text
language sql stable parallel safe
set search_path = pg_catalog
as $$
    select 'k' || k.key_version || '_' || encode(
        sha256(k.outer_key || sha256(k.inner_key || convert_to(p_system || ':' || p_id, 'UTF8'))),
        'hex'
    )
    from vault.pseudonym_key as k
    where k.purpose = 'learner' and k.valid_to is null
$$;

-- What Superset signs the names of its viewers with, padded as above; written by
-- `coursehouse dashboards`, so that this and Superset's copy agree.
create table if not exists vault.viewer_key (
    is_current boolean primary key default true check (is_current),
    inner_key bytea not null check (length(inner_key) = 64),
    outer_key bytea not null check (length(outer_key) = 64)
);

-- Who reads the secure views in this session: one row, or none for a session nobody signed.
-- `coursehouse.viewer` is LOGIN.SCOPE.UNTIL.SIGNATURE: the login in hex, `all` or `own`, seconds
-- since 1970, HMAC-SHA256 of the parts before. A reader may set it to anything and cannot sign it.
create or replace function secure.viewer()
returns table (login text, login_hash text, sees_everything boolean)
language sql stable security definer
set search_path = pg_catalog
as $$
    with said as (
        select string_to_array(current_setting('coursehouse.viewer', true), '.') as part
    ),

    signed as materialized (
        select said.part
        from said
        cross join vault.viewer_key as k
        where said.part[4] = encode(
            sha256(
                k.outer_key
                || sha256(k.inner_key || convert_to(array_to_string(said.part[1:3], '.'), 'UTF8'))
            ),
            'hex'
        )
    )

    select
        part[1],
        vault.pseudonymise('login', convert_from(decode(part[1], 'hex'), 'UTF8')),
        part[2] = 'all'
    from signed
    where part[3]::bigint > extract(epoch from clock_timestamp())
$$;

revoke all on function vault.pseudonymise(text, text), secure.viewer() from public;
revoke all on all tables in schema vault, audit, ops from public;
