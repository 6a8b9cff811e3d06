"""Settings of a run from a YAML file and the command line; mistakes are named with their cure."""

from __future__ import annotations

import math
import re
import types
from argparse import ArgumentError
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from llm_ar.config import RunConfig
from llm_ar.errors import ConfigError

COMMAND_LINE = "command line"
_AT_LEAST_ONE = frozenset(
    {
        "frames",
        "people",
        "size",
        "batch_size",
        "epochs",
        "rank",
        "width",
        "joint_width",
        "blocks",
        "kernel",
    }
)
_SHARES = frozenset(
    {
        "crop",
        "warp",
        "scale",
        "dropout",
        "joint_dropout",
        "part_dropout",
        "mirror",
        "front_back_flip",
        "warmup",
        "held_out",
        "token_noise",
    }
)
_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}


def load_run(config: Path | None = None, overrides: Sequence[str] = ()) -> RunConfig:
    """Defaults, changed by a YAML file, changed by the command line.

    Args:
        config: YAML file with nested settings; what it leaves out keeps its default.
        overrides: ``--dotted.name value`` or ``--dotted.name=value``.

    Raises:
        ConfigError: the file cannot be read, or a setting has an unknown name or an impossible
            value; the message names the setting, what is allowed, and where it stands.
    """
    if config is not None:
        _check_names(_read(config), RunConfig, "", str(config))
    named = [word[2:].partition("=")[0] for word in overrides if word.startswith("--")]
    for name in named:
        _check_dotted(name)
    words = ["--config", str(config)] if config is not None else []
    try:
        parser = _parser()
        parsed = parser.instantiate(parser.parse_args([*words, *overrides]))
    except ArgumentError as error:
        raise _explained(str(error), str(config), named) from None
    run = RunConfig(**{field.name: parsed[field.name] for field in fields(RunConfig)})
    for name, value in _leaves(run, ""):
        _check_value(name, value, COMMAND_LINE if name in named else str(config))
    return run


def settings_help() -> str:
    """All settings with their meaning and default, for ``--help``."""
    *_, listed = _parser().format_help().split("\n\n", maxsplit=2)
    # Whole groups from further files would only be a second way to say the same.
    listed = re.sub(r"  --[\w.]+ CONFIG\s+Path to a configuration file\.\n", "", listed)
    return f"\nsettings (the same names, nested, in the YAML file)\n\n{listed}"


def _parser() -> Any:
    from jsonargparse import ArgumentParser, set_parsing_settings

    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = ArgumentParser(prog="llm-ar train", exit_on_error=False)
    parser.add_argument("--config", action="config", help="YAML file")
    parser.add_class_arguments(RunConfig, None)
    return parser


def _read(config: Path) -> Any:
    try:
        content = yaml.safe_load(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{config}: cannot be read ({error.strerror or error})") from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{config}: is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, Mapping):
        raise ConfigError(
            f"{config}: expected settings as 'name: value' lines, found {_shown(content)}; "
            f"the settings are {_allowed(RunConfig)}"
        )
    return content


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


def _explained(problem: str, config: str, named: Sequence[str]) -> ConfigError:
    """The parser's complaint in one sentence."""
    flat = " ".join(problem.split())
    found = re.match(r'Parser key "(?P<name>[\w.]+)": .*Got value: (?P<value>.*)$', flat)
    if found is None:
        loose = re.match(r"unrecognized arguments: (?P<words>.*)$", flat)
        if loose is not None:
            flat = f"{loose['words']!r} is no setting; settings are given as --NAME VALUE"
        return ConfigError(f"{COMMAND_LINE if loose or config == 'None' else config}: {flat}")
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


def _leaves(settings: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            yield from _leaves(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", value


def _check_value(name: str, value: Any, where: str) -> None:
    """Refuse numbers that no training can use."""
    last = name.rpartition(".")[2]
    expected = ""
    if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
        expected = "a number of at least 0"
    elif last in _AT_LEAST_ONE and value < 1:
        expected = "at least 1"
    elif last in _SHARES and value > 1:
        expected = "a share between 0 and 1"
    elif name == "preprocess.frames" and value % 4:
        expected = "a multiple of 4"
    if expected:
        raise ConfigError(f"{where}: setting '{name}' is {value}, expected {expected}")


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:60]
