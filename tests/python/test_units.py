"""dbt's unit tests: a build leaves them out, here every one of them runs."""

from warehouse_fixtures import Warehouse


def test_models_do_with_given_rows_what_their_unit_tests_say(warehouse: Warehouse) -> None:
    warehouse.run("test", "--select", "test_type:unit")
