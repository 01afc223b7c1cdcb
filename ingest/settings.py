"""Settings from `COURSEHOUSE_*` environment variables; `.env.example` lists them all."""

from pathlib import Path
from typing import Literal

from pydantic import DirectoryPath, Field, FilePath, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.errors import UserError

PROJECT_DIR = Path(__file__).resolve().parent.parent
EMBEDDED_PORT = 54329
EMBEDDED_KAFKA_PORT = 54392
SUPERSET_PORT = 8088


class Settings(BaseSettings):
    """What a user may set. Relative paths are relative to the project directory."""

    model_config = SettingsConfigDict(env_prefix="COURSEHOUSE_", env_ignore_empty=True)

    home: Path = Path(".coursehouse")
    pg_bin: Path | None = Field(default=None, description="bin/ of a Postgres >= 15 to embed")
    pg_host: str | None = Field(default=None, description="set: your own server, nothing embedded")
    pg_port: int | None = Field(default=None, ge=1, le=65535)
    pg_user: str = "coursehouse"
    pg_password: SecretStr = SecretStr("")
    pg_dbname: str = "coursehouse"
    dbt_packages: Path | None = Field(
        default=None, description="folder of dbt packages, to use instead of dbt's hub"
    )
    moodle_dsn: SecretStr | None = None
    moodle_prefix: str = "mdl_"
    stripe_api_key: SecretStr | None = None
    stripe_api_base: str = "https://api.stripe.com"
    files_quiet_seconds: float = Field(
        default=10, ge=0, description="a file written within these seconds waits"
    )
    files_patience_minutes: float = Field(
        default=60, ge=0, description="a file that ends in the middle is given up after these"
    )
    archive_url: str | None = Field(default=None, description="default: archive/ in the home")
    archive_auto: bool | None = Field(
        default=None, description="archive what is loaded; default: if archive_url is set"
    )
    fx_url: str = Field(
        default="https://www.ecb.europa.eu/stats/eurofxref",
        pattern="^https?://",
        description="where the files of the ECB's reference rates are",
    )

    build_wait_minutes: float = Field(
        default=60, ge=0, description="how long a build waits for another one that is running"
    )
    stream_seconds: float = Field(
        default=30, ge=1, le=3600, description="from one cycle of `stream` to the next"
    )
    ops_retention_days: int = Field(
        default=90, ge=31, description="for `retention`: results of builds, loads and alerts"
    )
    backup_dir: DirectoryPath | None = Field(
        default=None, description="where backups lie, for `maintain` to look at"
    )
    backup_max_age_hours: float = Field(
        default=48, gt=0, description="the newest backup may be as old as that"
    )
    alert_urls: SecretStr | None = Field(
        default=None, description="addresses as Apprise reads them, separated by blanks"
    )
    alert_telegram_api: str = Field(
        default="https://api.telegram.org",
        pattern="^https?://",
        description="a Bot API server of your own",
    )

    kafka_bootstrap_servers: str | None = Field(
        default=None, description="set: your own cluster, no broker is embedded"
    )
    kafka_port: int | None = Field(default=None, ge=1024, le=65535)
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] | None = None
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_ca_location: FilePath | None = None
    kafka_ssl_certificate_location: FilePath | None = None
    kafka_ssl_key_location: FilePath | None = None
    kafka_ssl_key_password: SecretStr | None = None

    superset_port: int = Field(default=SUPERSET_PORT, ge=1024, le=65535)
    superset_admin_password: SecretStr | None = Field(default=None, min_length=8)
    superset_metadata_uri: SecretStr | None = Field(
        default=None, description="default: database superset on the warehouse's server"
    )
    superset_workers: int = Field(default=2, ge=1, le=32, description="processes of 8 threads")
    superset_behind_tls: bool = Field(
        default=False,
        description="a proxy in front speaks HTTPS: secure cookies, forwarded address",
    )
    superset_venv: Path = Field(default=Path(".venv-superset"), description="made by make superset")

    connect_url: str = Field(
        default="http://127.0.0.1:8083",
        pattern="^https?://",
        description="REST interface of your Kafka Connect",
    )
    connect_user: str | None = None
    connect_password: SecretStr | None = None

    metrics_textfile_dir: DirectoryPath | None = Field(
        default=None, description="node_exporter's textfile collector reads it"
    )

    write_key: SecretStr | None = Field(
        default=None, description="what `simulate --to track` shows a collector"
    )

    collect_sink: Literal["kafka", "postgres"] | None = None
    collect_keys_file: Path | None = None
    collect_keys: str = Field(default="", description="name=SHA-256 of the key in hex, ...")
    collect_moodle_token: SecretStr | None = Field(default=None, min_length=16)
    stripe_webhook_secrets: SecretStr | None = Field(
        default=None, description="signing secrets of endpoints, separated by commas"
    )
    collect_trusted_proxies: str = Field(default="", description="addresses and networks")
    collect_cors_origins: str = ""
    collect_max_body_bytes: int = Field(default=1_000_000, ge=1_000, le=1_000_000)
    collect_max_batch: int = Field(default=500, ge=1, le=10_000)
    collect_rate: float = Field(default=1_000, gt=0, description="records per second and key")
    collect_backlog_bytes: int = Field(default=67_108_864, ge=2_000_000)
    collect_ack_timeout_seconds: float = Field(default=10, ge=1, le=300)
    collect_access_log: bool = False

    @property
    def home_dir(self) -> Path:
        """Where the embedded services keep their state."""
        return self.home if self.home.is_absolute() else PROJECT_DIR / self.home

    @property
    def dbt_packages_dir(self) -> Path | None:
        """The folder to take dbt packages from, None to ask dbt's hub."""
        return self.dbt_packages and PROJECT_DIR / self.dbt_packages

    @property
    def archive(self) -> str:
        """Address of the raw archive: a folder, or an object store."""
        return self.archive_url or str(self.home_dir / "archive")

    @property
    def archives_loads(self) -> bool:
        """True when loads of events are to end with an archive run."""
        return self.archive_url is not None if self.archive_auto is None else self.archive_auto

    @property
    def superset_environment(self) -> Path:
        """Superset's own Python environment: it shares no package with ours."""
        folder = self.superset_venv
        return folder if folder.is_absolute() else PROJECT_DIR / folder

    @property
    def is_embedded(self) -> bool:
        """True when Coursehouse runs its own Postgres."""
        return self.pg_host is None

    @property
    def is_broker_embedded(self) -> bool:
        """True when Coursehouse runs its own Kafka broker.

        Beside your own Postgres only if a port is set: it takes no login and forgets.
        """
        has_place = self.is_embedded or self.kafka_port is not None
        return self.kafka_bootstrap_servers is None and has_place

    @property
    def collect_into(self) -> Literal["kafka", "postgres"]:
        """Where the collector keeps records: the embedded broker forgets, so only a real one."""
        return self.collect_sink or ("kafka" if self.kafka_bootstrap_servers else "postgres")

    @property
    def collect_keys_path(self) -> Path:
        """The file of the collector's write keys."""
        file = self.collect_keys_file or self.home_dir / "collect_keys.json"
        return file if file.is_absolute() else PROJECT_DIR / file


def load_settings() -> Settings:
    """Read the environment; a bad value is a `UserError` that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"COURSEHOUSE_{str(first['loc'][0]).upper()}"
        raise UserError(f"{name} is not usable: {first['msg']}") from None
