"""`coursehouse deps`: where the dbt packages come from, and that they are always all there."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from children import PATIENCE_SECONDS, Trap, in_child, result_as, run_killed
from package_hub import Hub, packed, serving

from ingest import build, packages
from ingest.errors import UserError
from ingest.packages import FOLDER, HUB, OFFLINE, PACKAGES, PINS, STAND_INS, install, source
from ingest.settings import PROJECT_DIR, Settings

NOBODY = 65534
SETTINGS = Settings()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that knows no package yet."""
    with serving() as hub:
        monkeypatch.setenv("DBT_PACKAGE_HUB_URL", hub.url)
        yield hub


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of its packages alone, where no hub answers and any user may look."""
    monkeypatch.setenv("DBT_PACKAGE_HUB_URL", "http://127.0.0.1:1/")
    folder = Path(tempfile.mkdtemp(prefix="coursehouse-tests-"))
    folder.chmod(0o755)
    shutil.copyfile(PROJECT_DIR / PINS, folder / PINS)
    shutil.copytree(PROJECT_DIR / STAND_INS, folder / STAND_INS)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Two packages as folders, two as archives; told from stand-ins by a file of their own."""
    folder = tmp_path / "mirror"
    for name in PACKAGES:
        shutil.copytree(PROJECT_DIR / STAND_INS / name, folder / f"{name}-main")
        (folder / f"{name}-main" / "mirrored").touch()
    for name in PACKAGES[:2]:
        (folder / f"{name}.tar.gz").write_bytes(packed(folder / f"{name}-main", f"{name}-1.2.3"))
        shutil.rmtree(folder / f"{name}-main")
    return folder


def mirrored(project: Path) -> list[str]:
    return [name for name in PACKAGES if (project / FOLDER / name / "mirrored").exists()]


def versions(folder: Path) -> dict[str, str]:
    found = {
        name: yaml.safe_load((folder / name / "dbt_project.yml").read_text()) for name in PACKAGES
    }
    assert [project["name"] for project in found.values()] == list(PACKAGES)
    return {name: project["version"] for name, project in found.items()}


def test_every_package_is_pinned_and_its_stand_in_says_for_which_version() -> None:
    pins = yaml.safe_load((PROJECT_DIR / PINS).read_text())["packages"]
    pinned = {pin["package"].split("/")[1]: f"{pin['version']}+standin" for pin in pins}
    assert versions(PROJECT_DIR / STAND_INS) == pinned


def test_without_a_hub_the_stand_ins_are_installed(project: Path) -> None:
    assert source(project) is None
    assert install(SETTINGS, project=project) == OFFLINE
    assert source(project) == OFFLINE
    assert (project / FOLDER / "SOURCE").read_text() == "offline stand-ins\n"
    assert versions(project / FOLDER) == versions(project / STAND_INS)
    assert sorted(file.name for file in project.iterdir()) == [FOLDER, STAND_INS, PINS]


def test_a_hub_that_takes_the_call_and_says_nothing_counts_as_none(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "HUB_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("DBT_PACKAGE_HUB_URL", f"http://127.0.0.1:{port}/")
        assert install(SETTINGS, project=project) == OFFLINE


def test_with_a_hub_dbt_installs_and_later_nobody_asks_again(project: Path, hub: Hub) -> None:
    hub.publish(project / PINS, project / STAND_INS)
    assert install(SETTINGS, project=project) == HUB == source(project)
    assert versions(project / FOLDER) == versions(project / STAND_INS)
    assert not any((project / FOLDER / name).is_symlink() for name in PACKAGES)
    assert not (project / "package-lock.yml").exists()
    asked = len(hub.asked)
    assert install(SETTINGS, project=project) == HUB
    assert len(hub.asked) == asked > len(PACKAGES)


def test_a_hub_dbt_cannot_install_from_is_told_and_replaced(project: Path, hub: Hub) -> None:
    hub.publish(project / PINS, project / STAND_INS, elementary="0.1.0")
    said: list[str] = []
    assert install(SETTINGS, said.append, project) == OFFLINE
    assert len(said) == 1
    assert said[0].startswith("dbt's hub answers, but `dbt deps` fails: ")
    assert "package elementary-data/elementary" in said[0]
    assert "\n" not in said[0]


def test_a_mirror_is_copied_and_its_place_written_down(project: Path, mirror: Path) -> None:
    settings = Settings(dbt_packages=mirror)
    assert install(settings, project=project) == f"mirror: {mirror}" == source(project)
    assert mirrored(project) == list(PACKAGES)
    shutil.rmtree(mirror)
    assert source(project) == f"mirror: {mirror}"


def test_the_folder_of_the_stand_ins_is_no_mirror(project: Path, hub: Hub) -> None:
    settings = Settings(dbt_packages=project / STAND_INS)
    assert install(settings, project=project) == OFFLINE
    assert hub.asked == []


def test_a_mirror_with_a_package_too_few_or_too_many_changes_nothing(
    project: Path, mirror: Path
) -> None:
    install(SETTINGS, project=project)
    settings = Settings(dbt_packages=mirror)
    shutil.copytree(mirror / "elementary-main", mirror / "elementary-old")
    with pytest.raises(UserError, match="holds 2 packages elementary"):
        install(settings, project=project)
    (mirror / "dbt_utils.tar.gz").unlink()
    with pytest.raises(UserError, match="holds 0 packages dbt_utils"):
        install(settings, project=project)
    assert source(project) == OFFLINE
    assert mirrored(project) == []


@pytest.mark.parametrize(
    "trap",
    [
        Trap(packages, "copy_mirror", calls=0),
        Trap(packages, "copy_mirror"),
        Trap(shutil, "copyfile"),
    ],
)
def test_a_killed_installation_leaves_the_packages_there_were(
    trap: Trap, project: Path, mirror: Path
) -> None:
    install(SETTINGS, project=project)
    run_killed(trap, install, Settings(dbt_packages=mirror), print, project)
    assert source(project) == OFFLINE
    assert versions(project / FOLDER) == versions(project / STAND_INS)
    assert install(Settings(dbt_packages=mirror), project=project) == f"mirror: {mirror}"
    assert mirrored(project) == list(PACKAGES)


@pytest.mark.parametrize(("renames", "left"), [(1, OFFLINE), (2, "mirror: {}")])
def test_one_killed_while_it_exchanges_the_folders_is_repaired(
    renames: int, left: str, project: Path, mirror: Path
) -> None:
    install(SETTINGS, project=project)
    run_killed(
        Trap(Path, "rename", renames), install, Settings(dbt_packages=mirror), print, project
    )
    # what comes next fails, and still the packages are there
    with pytest.raises(UserError, match="holds 0 packages"):
        install(Settings(dbt_packages=project / "nowhere"), project=project)
    assert source(project) == left.format(mirror)
    assert sorted(file.name for file in project.iterdir()) == [FOLDER, STAND_INS, PINS]


def test_several_installations_at_once_end_well(project: Path, mirror: Path) -> None:
    settings = Settings(dbt_packages=mirror)
    started = [in_child(install, settings, print, project) for _ in range(4)]
    for process in started:
        process.join(PATIENCE_SECONDS)
    assert [process.exitcode for process in started] == [0, 0, 0, 0]
    assert mirrored(project) == list(PACKAGES)
    assert sorted(file.name for file in project.iterdir()) == [FOLDER, STAND_INS, PINS]


def test_other_pins_take_other_packages(project: Path) -> None:
    install(SETTINGS, project=project)
    with (project / PINS).open("a") as pins:
        pins.write("# another version\n")
    assert source(project) is None
    install(SETTINGS, project=project)
    assert source(project) == OFFLINE


def test_a_missing_package_is_noticed(project: Path, mirror: Path) -> None:
    install(Settings(dbt_packages=mirror), project=project)
    shutil.rmtree(project / FOLDER / "dbt_date")
    assert source(project) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_who_may_only_read_the_project_finds_the_packages_but_installs_none(project: Path) -> None:
    refused = result_as(NOBODY, NOBODY, install, SETTINGS, print, project)
    assert refused.startswith("UserError: the dbt packages cannot be installed: Permission denied")
    install(SETTINGS, project=project)
    assert result_as(NOBODY, NOBODY, source, project) == OFFLINE
    assert result_as(NOBODY, NOBODY, versions, project / FOLDER) == str(versions(project / FOLDER))


def test_a_changed_package_is_a_changed_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "PROJECT_DIR", project)
    for name in ("dbt_project.yml", "profiles.yml"):
        (project / name).touch()
    found = {build.project_fingerprint()}
    install(SETTINGS, project=project)
    found.add(build.project_fingerprint())
    macro = project / STAND_INS / "dbt_date" / "macros" / "now.sql"
    macro.write_text(macro.read_text() + "\n")
    found.add(build.project_fingerprint())
    assert len(found) == 3


def test_the_command_says_what_it_installed(tmp_path: Path) -> None:
    """In a copy of what it takes: others read the packages of this project meanwhile."""
    for part in ("ingest", STAND_INS):
        shutil.copytree(PROJECT_DIR / part, tmp_path / part)
    shutil.copyfile(PROJECT_DIR / PINS, tmp_path / PINS)
    done = subprocess.run(
        [sys.executable, "-m", "ingest.cli", "deps"],
        cwd=tmp_path,
        env={**os.environ, "COURSEHOUSE_DBT_PACKAGES": STAND_INS},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "dbt packages: offline stand-ins\n"
    assert source(tmp_path) == OFFLINE
