"""Keys, limits, the edge and the command of the collector, each on its own."""

import hashlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from collector_process import environment_of

from ingest import cli
from ingest.collector.edge import device_of, network_of
from ingest.collector.keys import Keys, new_key, read_keys
from ingest.collector.limits import REQUEST_BYTES, Backlog, RateLimit
from ingest.collector.problems import Problem, Unavailable
from ingest.errors import UserError
from ingest.events.contracts import contract_of

# ---------- keys


def test_a_new_key_is_random_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "keys.json"
    web, app = new_key(file, "web"), new_key(file, "app")
    assert web != app and len(web) > 40
    assert read_keys(file) == {
        name: hashlib.sha256(key.encode()).hexdigest() for name, key in (("web", web), ("app", app))
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["keys.json"]
    keys = Keys(file)
    assert keys.client_of({"authorization": f"bearer {web}"}) == "web"
    assert keys.client_of({"x-write-key": app}) == "app"
    for headers in ({}, {"authorization": f"Basic {web}"}, {"x-write-key": "\udcff"}):
        assert keys.client_of(headers) is None


def test_a_name_is_given_once_and_is_plain(tmp_path: Path) -> None:
    new_key(tmp_path / "keys.json", "web")
    with pytest.raises(UserError, match="there is a key named web"):
        new_key(tmp_path / "keys.json", "web")
    for name in ("", "Web", "a b", "-a", "x" * 65, "ü"):
        with pytest.raises(UserError, match="is no name of a key"):
            new_key(tmp_path / "keys.json", name)


@pytest.mark.parametrize(
    "text", ["", "[]", '"x"', '{"web": 1}', '{"web": "abc"}', '{"a b": "' + "0" * 64 + '"}']
)
def test_a_file_that_is_no_list_of_keys_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(UserError, match="is not of the form"):
        Keys(file)


def test_a_file_open_to_others_is_refused(tmp_path: Path) -> None:
    new_key(tmp_path / "keys.json", "web")
    (tmp_path / "keys.json").chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        Keys(tmp_path / "keys.json")


def test_keys_may_come_from_the_environment(tmp_path: Path) -> None:
    hash_ = hashlib.sha256(b"secret").hexdigest()
    keys = Keys(tmp_path / "none", f"web={hash_}, app={hash_.replace('a', 'b')}")
    assert keys and keys.client_of({"x-write-key": "secret"}) == "web"
    assert not Keys(tmp_path / "none")
    for inline in ("web", "web=secret", f"={hash_}"):
        with pytest.raises(UserError, match="COURSEHOUSE_COLLECT_KEYS"):
            Keys(tmp_path / "none", inline)


# ---------- limits


def test_a_bucket_refills_at_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    limit = RateLimit(rate=2, largest=5)
    limit.take("web", 20)  # ten seconds' worth
    with pytest.raises(Problem) as refused:
        limit.take("web", 5)
    assert (refused.value.status, refused.value.headers["retry-after"]) == (429, "3")
    limit.take("app", 20)
    now[0] += 3
    limit.take("web", 5)
    with pytest.raises(Problem):
        limit.take("web", 2)
    now[0] += 1000
    limit.take("web", 20)
    with pytest.raises(Problem):
        limit.take("web", 1)


def test_the_largest_batch_always_fits_into_a_full_bucket() -> None:
    RateLimit(rate=0.1, largest=500).take("web", 500)


def test_the_backlog_gives_back_what_it_held_whatever_happens() -> None:
    backlog = Backlog(REQUEST_BYTES + 100)
    with backlog.room() as room:
        room.grow(100)
        with pytest.raises(Unavailable):
            room.grow(1)
        with pytest.raises(Unavailable), backlog.room():
            pass
        assert backlog.held == REQUEST_BYTES + 100
    assert backlog.held == 0


# ---------- the edge


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:aa:bb:cc::1", "2001:db8:aa::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("localhost", None),
        ("192.0.2.77:80", None),
        ("", None),
    ],
)
def test_an_address_becomes_the_network_it_lies_in(address: str, network: str | None) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("agent", "reduced"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87",
            ("desktop", "Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            ("mobile", "Mobile Safari", "iOS"),
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            ("tablet", "Mobile Safari", "iOS"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/126.0.0.0 Safari/537.36",
            ("tablet", "Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/126.0.0.0 Safari/537.36",
            ("desktop", "Chrome", "Chrome OS"),
        ),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            ("bot", "Googlebot", None),
        ),
        ("curl/8.5.0", ("other", "curl", None)),
        ("", ("other", None, None)),
        ("x" * 100_000, ("other", None, None)),
    ],
)
def test_a_user_agent_becomes_three_words(
    agent: str, reduced: tuple[str, str | None, str | None]
) -> None:
    device = device_of(agent)
    assert (device.device_class, device.browser, device.os) == reduced


def test_a_text_with_nul_is_found_however_deep_it_is_nested() -> None:
    record = b'{"x": ' + b"[" * 1000 + rb'"\u0000"' + b"]" * 1000 + b"}"
    refused = contract_of("clickstream").check(record)
    assert refused is not None and refused.error_class == "unstorable"


# ---------- the command


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., str]:
    """Runs `coursehouse collect` and gives the last line it says."""
    for name in list(os.environ):
        if name.startswith("COURSEHOUSE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COURSEHOUSE_HOME", str(tmp_path))

    def main(*arguments: str, code: int = 1) -> str:
        monkeypatch.setattr(sys, "argv", ["coursehouse", "collect", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert (ended.value.code or 0) == code, said
        (line,) = (said.err or said.out).splitlines()
        return line

    return main


def test_without_keys_it_says_how_to_make_one(run: Callable[..., str], tmp_path: Path) -> None:
    assert "collect --new-key NAME" in run()
    key = run("--new-key", "web", code=0)
    hashes = json.loads((tmp_path / "collect_keys.json").read_text())
    assert hashes == {"web": hashlib.sha256(key.encode()).hexdigest()}
    assert "there is a key named web" in run("--new-key", "web")


def test_a_taken_port_is_said(run: Callable[..., str]) -> None:
    run("--new-key", "web", code=0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run("--port", str(port))
    assert f"cannot listen at 127.0.0.1:{port}: Address already in use" in said
    assert "--port" in said
    assert "cannot listen at no.such.host.invalid" in run("--host", "no.such.host.invalid")


def test_a_sink_that_is_not_there_or_not_prepared_is_said(
    run: Callable[..., str],
    database: Callable[[], str],
    free_port: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    run("--new-key", "web", code=0)
    assert "coursehouse up" in run("--port", "0")
    dsn = database()
    for name, value in environment_of(dsn, tmp_path).items():
        monkeypatch.setenv(name, value)
    with psycopg.connect(dsn) as conn:
        conn.execute("create schema ops")
    assert "the warehouse is not prepared for records: run coursehouse up" in run("--port", "0")
    monkeypatch.setenv("COURSEHOUSE_COLLECT_SINK", "kafka")
    monkeypatch.setenv("COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    assert "Kafka at 127.0.0.1" in run("--port", "0")


def test_a_setting_that_is_not_usable_is_named(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEHOUSE_COLLECT_MOODLE_TOKEN", "short")
    assert "COURSEHOUSE_COLLECT_MOODLE_TOKEN is not usable" in run()
    monkeypatch.delenv("COURSEHOUSE_COLLECT_MOODLE_TOKEN")
    run("--new-key", "web", code=0)
    monkeypatch.setenv("COURSEHOUSE_COLLECT_TRUSTED_PROXIES", "127.0.0.1, 10.1.2.3/8")
    assert "COURSEHOUSE_COLLECT_TRUSTED_PROXIES is not usable: 10.1.2.3/8 has host bits" in run()
