"""Settings from files: NAME_FILE is the path of a file that holds the value of NAME.

Here: the source that pydantic asks after the environment and after the file of settings. It is how containers are
given secrets (`/run/secrets/...`), which an environment would show to whoever may inspect it. Keep out: settings.
"""

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from credit_risk.errors import SettingsError

SUFFIX = "_FILE"

# A setting is a line. What is larger is another file, and would be read into every error about it.
MAX_BYTES = 64 * 1024


class ValuesInFiles(PydanticBaseSettingsSource):
    """Reads the files that another source names.

    Args:
        settings_cls: the settings.
        names: the environment, or the file of settings: where NAME and NAME_FILE are looked for.
    """

    def __init__(self, settings_cls: type[BaseSettings], names: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        # Read already, and folded to lower case, as pydantic does it.
        self._given: dict[str, str | None] = dict(getattr(names, "env_vars", {}))

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the file of a field holds; nothing when no file is named."""
        name = str(field.validation_alias or field_name)
        file = self._given.get(f"{name}{SUFFIX}".lower())
        return (_content(name, Path(file)) if file else None), name, False

    def __call__(self) -> dict[str, Any]:
        """Every value that is in a file, by the name of its setting.

        Raises:
            SettingsError: names every file that cannot be read, and every setting that is given twice.
        """
        values, faults = {}, []
        for field_name, field in self.settings_cls.model_fields.items():
            try:
                value, name, _ = self.get_field_value(field, field_name)
            except (OSError, ValueError) as error:
                faults.append(str(error))
                continue
            if value is not None and self._given.get(name.lower()):
                faults.append(f"{name} beside {name}{SUFFIX}, which both give a value")
            elif value is not None:
                values[name] = value
        if faults:
            raise SettingsError(
                "wrong settings in files: " + "; ".join(faults),
                expected="NAME, or NAME_FILE with the path of a file of UTF-8 text that this user may read",
                remedy="correct the paths or permissions, or unset one of two",
            )
        return values


def _content(name: str, file: Path) -> str:
    """The text of a file without the line end that editors add. What it says is in no error: it may be a secret."""
    try:
        if not file.is_absolute():
            raise ValueError(f"{name}{SUFFIX}={file} (no absolute path)")
        content = file.read_bytes()
    except OSError as error:
        raise OSError(f"{name}{SUFFIX}={file} ({error.strerror})") from None
    if len(content) > MAX_BYTES:
        raise ValueError(f"{name}{SUFFIX}={file} ({len(content)} bytes, at most {MAX_BYTES})")
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{name}{SUFFIX}={file} (no UTF-8)") from None
    if not text:
        # Most likely a secret that nobody filled in: the embedded default would hide it.
        raise ValueError(f"{name}{SUFFIX}={file} (empty)")
    return text
