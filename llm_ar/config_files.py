"""Settings from YAML, presets and the command line, and as JSON in a model's folder.

A YAML file may name a preset (``preset: ours``) and another file that it changes (``base:
other.yaml``, relative to itself). Later ones win: defaults, preset, base, file, command line.
"""

from __future__ import annotations

import json
import re
import types
from argparse import ArgumentError
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from llm_ar.config import RunConfig
from llm_ar.errors import ConfigError

COMMAND_LINE = "command line"
PRESETS = ("paper", "ours", "small-set")
"""The published method, which the defaults are; this project's differences from it; and those with
a short training for small datasets."""
_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}


def load_run(
    config: Path | None = None,
    overrides: Sequence[str] = (),
    below: Mapping[str, Any] | None = None,
) -> RunConfig:
    """Defaults, changed by a preset, a YAML file and the command line.

    Args:
        config: YAML file with nested settings; what it leaves out keeps its default.
        overrides: ``--dotted.name value`` or ``--dotted.name=value``; ``--preset NAME`` comes
            before the file.
        below: nested settings in the place of the defaults, of a model to start from.

    Raises:
        ConfigError: the file cannot be read, or a setting has an unknown name or an impossible
            value; the message names the setting, what is allowed, and where it stands.
    """
    preset, words = _take_preset(overrides)
    values = _preset_values(preset, COMMAND_LINE) if preset else dict(below or {})
    if config is not None:
        values = _merged(values, _file_values(config, ()))
    named = [word[2:].partition("=")[0] for word in words if word.startswith("--")]
    for name in named:
        _check_dotted(name)
    where = str(config) if config is not None else "defaults"
    try:
        parsed = _parser().parse_object(values)
        parsed = _parser().parse_args(list(words), namespace=parsed)
    except (ArgumentError, ValidationError, ConfigError) as error:
        raise _explained(error, where, named) from None
    try:
        run: RunConfig = TypeAdapter(RunConfig).validate_python(_plain(parsed.as_dict()))
    except ValidationError as error:
        raise _explained(error, where, named) from None
    return run


def stated_settings(config: Path | None, overrides: Sequence[str]) -> frozenset[str]:
    """The dotted names of the settings that a file or the command line states.

    Args:
        config: YAML file, with what it builds on, or None.
        overrides: as of `load_run`.

    Raises:
        ConfigError: as `load_run`, for the file.
    """
    named = {word[2:].partition("=")[0] for word in overrides if word.startswith("--")}
    if config is not None:
        named.update(_dotted(_file_values(config, ())))
    return frozenset(named)


def _dotted(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The dotted names of nested settings."""
    names = []
    for key, value in values.items():
        inside = isinstance(value, Mapping)
        names += _dotted(value, f"{prefix}{key}.") if inside else [f"{prefix}{key}"]
    return names


def settings_to_dict(settings: Any) -> dict[str, Any]:
    """A settings dataclass as plain JSON values."""
    return dict(TypeAdapter(type(settings)).dump_python(settings, mode="json"))


def settings_from_dict(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """The settings dataclass of that kind; absent keys take their defaults.

    Raises:
        ValueError: for a key that the settings do not have or an impossible value, naming it.
    """
    try:
        # The rules of JSON: "64" is no number, a list no tuple of another length.
        return TypeAdapter(kind).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "settings"
        if "unexpected" in first["type"]:
            raise ValueError(f"{place}: unknown setting") from None
        problem = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{place} cannot be {_shown(first['input'])}: {problem}") from None


def settings_help() -> str:
    """All settings with their meaning and default, for ``--help``."""
    *_, listed = _parser().format_help().split("\n\n", maxsplit=2)
    # Whole groups from further files would only be a second way to set the same.
    listed = re.sub(r"  --[\w.]+ CONFIG\s+Path to a configuration file\.\n", "", listed)
    return f"\nsettings (the same names, nested, in the YAML file)\n\n{listed}"


def setting_names(kind: Any = RunConfig, prefix: str = "") -> list[str]:
    """The dotted names of all settings."""
    hints = get_type_hints(kind)
    names: list[str] = []
    for part in fields(kind):
        name = f"{prefix}{part.name}"
        inside = hints[part.name]
        names += setting_names(inside, f"{name}.") if is_dataclass(inside) else [name]
    return names


def read_yaml(file: Path) -> dict[str, Any]:
    """The settings in a YAML file.

    Raises:
        ConfigError: it cannot be read, or holds something else.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror or error})") from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{file}: is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, Mapping):
        raise ConfigError(
            f"{file}: expected settings as 'name: value' lines, found {_shown(content)}; "
            f"the settings are {_allowed(RunConfig)}"
        )
    return dict(content)


def _file_values(file: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """The settings of a file with those of its preset and base below them."""
    if file.resolve() in above:
        raise ConfigError(f"{file}: its 'base' leads back to itself; remove one of them")
    content = read_yaml(file)
    preset, base = content.pop("preset", None), content.pop("base", None)
    _check_names(content, RunConfig, "", str(file))
    values: dict[str, Any] = {}
    if preset is not None:
        values = _preset_values(str(preset), str(file))
    if base is not None:
        values = _merged(values, _file_values(file.parent / str(base), (*above, file.resolve())))
    return _merged(values, content)


def _preset_values(name: str, where: str) -> dict[str, Any]:
    if name not in PRESETS:
        raise ConfigError(f"{where}: unknown preset '{name}'; allowed are {', '.join(PRESETS)}")
    text = files("llm_ar").joinpath("presets", f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _take_preset(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The value of ``--preset`` among the words, if it is there, and the other words."""
    rest, preset = list(words), None
    for place, word in enumerate(rest):
        name, equals, value = word.partition("=")
        if name == "--preset":
            if not equals and place + 1 == len(rest):
                raise ConfigError(f"{COMMAND_LINE}: --preset expects one of {', '.join(PRESETS)}")
            preset = value if equals else rest[place + 1]
            del rest[place : place + (1 if equals else 2)]
            break
    return preset, rest


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings; where both have one, that of ``above``."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _parser() -> Any:
    from jsonargparse import ArgumentParser, set_parsing_settings

    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = ArgumentParser(prog="llm-ar train", exit_on_error=False)
    parser.add_class_arguments(RunConfig, None)
    return parser


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return settings_to_dict(value)
    return value


def _check_names(content: Any, kind: type, prefix: str, where: str) -> None:
    """Every key of a YAML mapping must be a field of the settings' class, all the way down."""
    hints = get_type_hints(kind)
    for key, value in content.items():
        if key not in hints:
            raise _unknown(f"{prefix}{key}", kind, prefix, where)
        if not is_dataclass(hints[key]):
            continue
        if not isinstance(value, Mapping):
            raise ConfigError(
                f"{where}: setting '{prefix}{key}' is a group and cannot be {_shown(value)}; "
                f"inside it, {_allowed(hints[key])} can be set"
            )
        _check_names(value, hints[key], f"{prefix}{key}.", where)


def _check_dotted(name: str) -> None:
    kind: Any = RunConfig
    prefix = ""
    for part in name.split("."):
        hints = get_type_hints(kind) if is_dataclass(kind) else {}
        if part not in hints:
            raise _unknown(name, kind, prefix, COMMAND_LINE)
        kind, prefix = hints[part], f"{prefix}{part}."
    if is_dataclass(kind):
        raise ConfigError(
            f"{COMMAND_LINE}: setting '{name}' is a group; set one of "
            + ", ".join(f"--{name}.{field.name}" for field in fields(kind))
        )


def _unknown(name: str, kind: Any, prefix: str, where: str) -> ConfigError:
    group = prefix.rstrip(".")
    if not is_dataclass(kind):
        return ConfigError(f"{where}: unknown setting '{name}'; '{group}' has no parts")
    place = f"in '{group}', " if group else ""
    return ConfigError(f"{where}: unknown setting '{name}'; {place}allowed are {_allowed(kind)}")


def _allowed(kind: Any) -> str:
    return ", ".join(field.name for field in fields(kind))


def _explained(error: Exception, config: str, named: Sequence[str]) -> Exception:
    """The parser's or pydantic's error in one sentence."""
    if isinstance(error, ConfigError):
        return error
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        where = COMMAND_LINE if name in named else config
        wanted = first["msg"].removeprefix("Input should be ")
        return ConfigError(
            f"{where}: setting '{name}' is {first['input']}, expected a value {wanted}"
        )
    flat = " ".join(str(error).split())
    found = re.search(r'Parser key "(?P<name>[\w.]+)":.*Got value: (?P<value>.*)$', flat)
    if found is None:
        loose = re.match(r"unrecognized arguments: (?P<words>.*)$", flat)
        if loose is not None:
            flat = f"{loose['words']!r} is no setting; settings are given as --NAME VALUE"
        return ConfigError(f"{COMMAND_LINE if loose or config == 'defaults' else config}: {flat}")
    name = found["name"]
    kind: Any = RunConfig
    for part in name.split("."):
        kind = get_type_hints(kind)[part]
    where = COMMAND_LINE if name in named else config
    return ConfigError(f"{where}: setting '{name}' is {found['value']}, expected {_kind(kind)}")


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if isinstance(kind, types.GenericAlias):
        return "a list, such as [a, b]"
    return _KINDS[kind]


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:60]
