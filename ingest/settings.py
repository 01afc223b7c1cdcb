"""Settings from `COURSEHOUSE_*` environment variables; `.env.example` lists them all."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.errors import UserError

PROJECT_DIR = Path(__file__).resolve().parent.parent
EMBEDDED_PORT = 54329


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
    moodle_dsn: SecretStr | None = None
    moodle_prefix: str = "mdl_"
    files_quiet_seconds: float = Field(
        default=10, ge=0, description="a file written within these seconds waits"
    )
    files_patience_minutes: float = Field(
        default=60, ge=0, description="a file that ends in the middle is given up after these"
    )
    archive_url: str | None = Field(default=None, description="default: archive/ in the home")

    @property
    def home_dir(self) -> Path:
        """Where the embedded services keep their state."""
        return self.home if self.home.is_absolute() else PROJECT_DIR / self.home

    @property
    def archive(self) -> str:
        """Address of the raw archive: a folder, or an object store."""
        return self.archive_url or str(self.home_dir / "archive")

    @property
    def is_embedded(self) -> bool:
        """True when Coursehouse runs its own Postgres."""
        return self.pg_host is None


def load_settings() -> Settings:
    """Read the environment; a bad value is a `UserError` that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"COURSEHOUSE_{str(first['loc'][0]).upper()}"
        raise UserError(f"{name} is not usable: {first['msg']}") from None
