"""The stand-ins of dbt packages pass good rows, fail bad ones, and agree with the real packages."""

from collections.abc import Callable, Iterator
from pathlib import Path

import elementary
import pytest
from package_cases_utils import MACROS
from package_judges import CASES, JUDGES, create_tables, judge
from package_signatures import Signature, Use, signatures, uses

from ingest.packages import PACKAGES, STAND_INS
from ingest.settings import PROJECT_DIR

OURS = PROJECT_DIR / STAND_INS
Verdicts = dict[str, tuple[str, int]]


@pytest.fixture(scope="module")
def cases(new_database: Callable[[str], str]) -> str:
    """Address of a database that holds the rows of all cases."""
    dsn = new_database("package_cases")
    create_tables(dsn)
    return dsn


@pytest.fixture(scope="module")
def verdicts(cases: str, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return judge(OURS, cases, tmp_path_factory.mktemp("stand_ins") / "project")


@pytest.mark.parametrize("name", CASES)
def test_a_stand_in_passes_good_rows_and_fails_bad_ones(name: str, verdicts: Verdicts) -> None:
    assert verdicts[f"{name}_good"][0] == "pass"
    assert verdicts[f"{name}_bad"][0] == "fail"


@pytest.mark.parametrize("name", MACROS)
def test_a_macro_of_a_stand_in_gives_what_it_should(name: str, verdicts: Verdicts) -> None:
    assert verdicts[name][0] == "pass"


def test_every_test_of_a_stand_in_has_its_rows() -> None:
    tested = {(package, f"test_{case.test}") for package, case in CASES.values()}
    known = {
        (package, name)
        for package in JUDGES
        for name in signatures(OURS / package)
        if name.startswith("test_")
    }
    assert known == tested


def test_the_stand_ins_have_all_that_is_used(stand_ins: dict[str, dict[str, Signature]]) -> None:
    found = list(_used())
    assert {use.package for use in found} >= {"dbt_utils", "dbt_date", "dbt_expectations"}
    problems = [use.problem(stand_ins[use.package].get(use.name)) for use in found]
    assert [problem for problem in problems if problem] == []


def test_real_packages_say_the_same_of_all_rows(
    verdicts: Verdicts, real_packages: Path, cases: str, tmp_path: Path
) -> None:
    """The same verdict, and as many failures."""
    assert judge(real_packages, cases, tmp_path / "project") == verdicts


def test_real_packages_take_the_same_arguments(
    stand_ins: dict[str, dict[str, Signature]], real_packages: Path
) -> None:
    wrong = []
    for package, ours in stand_ins.items():
        real = signatures(real_packages / package)
        wrong += [
            f"{package}.{name}: {signature}, not {real.get(name)}"
            for name, signature in ours.items()
            if not name.startswith("_") and signature != real.get(name)
        ]
    assert wrong == []


@pytest.fixture(scope="module")
def stand_ins() -> dict[str, dict[str, Signature]]:
    return {package: signatures(OURS / package) for package in PACKAGES}


def _used() -> Iterator[Use]:
    """By this project, by the stand-ins themselves, and by the project inside of edr."""
    folders = ("models", "macros", "snapshots", "seeds", "analyses", "tests/data", "tests/generic")
    for folder in (*folders, STAND_INS):
        files = (PROJECT_DIR / folder).rglob("*")
        yield from uses((f for f in files if f.suffix in (".sql", ".yml")), PROJECT_DIR)
    edr = Path(elementary.__file__).parent / "monitor" / "dbt_project"
    yield from uses((edr / "macros").rglob("*.sql"), edr)
