"""The packages of dbt's hub, for tests that compare the stand-ins with them."""

from pathlib import Path

import pytest

from ingest.packages import FOLDER, HUB, STAND_INS, copy_mirror, from_hub, hub_answers, source
from ingest.settings import PROJECT_DIR, load_settings


@pytest.fixture(scope="session")
def real_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the real packages: those of a mirror that is set, or of the hub."""
    folder = tmp_path_factory.mktemp("real_packages")
    mirror = load_settings().dbt_packages_dir
    if mirror is not None and mirror.resolve() != PROJECT_DIR / STAND_INS:
        copy_mirror(mirror, folder)
    elif source() == HUB:
        return PROJECT_DIR / FOLDER
    elif mirror is None and hub_answers():
        from_hub(PROJECT_DIR, folder)
    else:
        pytest.skip(
            "no real packages to compare with: dbt's hub does not answer, and "
            "COURSEHOUSE_DBT_PACKAGES names no mirror of it"
        )
    return folder
