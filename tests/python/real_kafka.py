"""Apache Kafka itself (KRaft, one node), where the machine has Java and Maven finds its archives.

One listener is open, the other one asks for a login over TLS, as Confluent Cloud does.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka_broker import settings_for

from ingest.errors import UserError
from ingest.kafka.client import admin
from ingest.settings import PROJECT_DIR, Settings

JAVA, KEYTOOL, MAVEN = shutil.which("java"), shutil.which("keytool"), shutil.which("mvn")
POM = PROJECT_DIR / "tests/kafka/pom.xml"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "coursehouse"
CLUSTER_ID = "Y291cnNlaG91c2UtdGVzdA"  # 16 bytes in base64
USER, PASSWORD, STORE_PASSWORD = "loader", "geheim-1", "changeit"
START_SECONDS = 120


@dataclass
class RealKafka:
    """A cluster of one broker."""

    port: int
    login_port: int
    directory: Path
    libraries: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def ca_file(self) -> Path:
        return self.directory / "ca.pem"

    def start(self) -> None:
        """Begin, or go on with what is on disk, and wait until it answers."""
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.java(), "kafka.Kafka", str(self.directory / "server.properties")],
                cwd=self.directory,
                stdout=log,
                stderr=log,
            )
        _wait_for(self, self.process, self.directory / "log")

    def kill(self) -> None:
        """End it without a chance to write anything more."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)

    def java(self) -> list[str]:
        """The beginning of every command."""
        java = [str(JAVA), "-Xmx384m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return [*java, "-cp", f"{self.libraries}/*"]

    @property
    def settings(self) -> Settings:
        """Settings for the open listener."""
        return settings_for(f"127.0.0.1:{self.port}")

    def login(self, password: str = PASSWORD) -> Settings:
        """Settings for the listener with a login over TLS."""
        return settings_for(
            f"127.0.0.1:{self.login_port}",
            kafka_sasl_username=USER,
            kafka_sasl_password=password,
            kafka_ssl_ca_location=self.ca_file,
        )


@pytest.fixture(scope="session")
def real_kafka(free_port: Callable[[], int]) -> Iterator[RealKafka]:
    """A cluster for the whole run: topics stay, so make them under names of your own."""
    with _running(free_port) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def own_real_kafka(free_port: Callable[[], int]) -> Iterator[RealKafka]:
    """A cluster for the tests of this module alone, which may kill it."""
    with _running(free_port) as kafka:
        yield kafka


@contextmanager
def _running(free_port: Callable[[], int]) -> Iterator[RealKafka]:
    libraries = fetched_libraries(POM)
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-real-kafka-"))
    kafka = RealKafka(free_port(), free_port(), directory, libraries)
    _make_certificate(directory, kafka.ca_file)
    properties = directory / "server.properties"
    properties.write_text(_properties(kafka, free_port(), directory))
    storage = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
    subprocess.run([*kafka.java(), *storage], check=True, capture_output=True)
    try:
        kafka.start()
        yield kafka
    finally:
        if kafka.process is not None:
            kafka.process.terminate()
            kafka.process.wait(60)
        shutil.rmtree(directory)


def fetched_libraries(pom: Path) -> Path:
    """Directory of the archives of a POM, kept between runs. Skips where they cannot be had."""
    if JAVA is None or KEYTOOL is None or _java_version(JAVA) < 17:
        pytest.skip("real Kafka needs Java 17 or newer (java and keytool)")
    libraries = CACHE / f"kafka-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if libraries.is_dir():
        return libraries
    if MAVEN is None:
        pytest.skip("real Kafka needs Maven (mvn), which fetches it")
    CACHE.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix="kafka-new-", dir=CACHE))
    fetched = subprocess.run(
        [MAVEN, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies",
         "-DincludeScope=runtime", f"-DoutputDirectory={new}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if fetched.returncode != 0:
        shutil.rmtree(new)
        pytest.skip(f"Maven could not fetch Kafka: {fetched.stdout.strip()[-200:]}")
    try:
        new.rename(libraries)
    except OSError:  # somebody else was quicker
        shutil.rmtree(new)
    return libraries


def _java_version(java: str) -> int:
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _make_certificate(directory: Path, ca_file: Path) -> None:
    store = ["-keystore", str(directory / "store.p12"), "-storepass", STORE_PASSWORD]
    subprocess.run(
        [str(KEYTOOL), "-genkeypair", "-alias", "broker", "-keyalg", "RSA", "-keysize", "2048",
         "-dname", "CN=127.0.0.1", "-ext", "SAN=IP:127.0.0.1", "-validity", "2",
         "-storetype", "PKCS12", *store],
        check=True, capture_output=True,
    )  # fmt: skip
    exported = [str(KEYTOOL), "-exportcert", "-rfc", "-alias", "broker", "-file", str(ca_file)]
    subprocess.run([*exported, *store], check=True, capture_output=True)


def _properties(kafka: RealKafka, controller_port: int, directory: Path) -> str:
    listeners = f"OPEN://127.0.0.1:{kafka.port},LOGIN://127.0.0.1:{kafka.login_port}"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "OPEN:PLAINTEXT,LOGIN:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "OPEN",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listener.name.login.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.login.plain.sasl.jaas.config": (
            f'{plain} required user_{USER}="{PASSWORD}";'
        ),
        "ssl.keystore.location": directory / "store.p12",
        "ssl.keystore.password": STORE_PASSWORD,
        "ssl.keystore.type": "PKCS12",
        "log.dirs": directory / "data",
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "auto.create.topics.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _wait_for(kafka: RealKafka, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            admin(kafka.settings)
            return
        except UserError:
            continue
    raise AssertionError(f"Kafka did not start: {log.read_text()[-2000:]}")
