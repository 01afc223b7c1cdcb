-- Proves that snapshots are stamped with an instant, not with the wall clock of one session.
select 1 as problem
where pg_typeof({{ snapshot_get_time() }})::text <> 'timestamp with time zone'
