"""``llm-ar serve``: models behind an HTTP interface and a page."""

from __future__ import annotations

import ipaddress
import math
import os
from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.ui.models import check_model, known_models, model_folder
from llm_ar.applications.ui.options import positive
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import notes
from llm_ar.applications.ui.text import plain
from llm_ar.errors import ConfigError, MissingExtraError
from llm_ar.recognizer.default_model import default_model

PORT = 8000
KEY_VARIABLE = "LLM_AR_API_KEY"
SHORTEST_KEY = 16
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
MEBI = 2**20


def run(arguments: Sequence[str]) -> int:
    """Serve until a signal ends it."""
    given = parser().parse_args(arguments)
    folders = model_folders(given.model or [str(default_model())])
    for folder in folders.values():
        check_model(folder)
    keys = api_keys(os.environ.pop(KEY_VARIABLE, ""), given.host)
    if not (math.isfinite(given.deadline) and given.deadline > 0):
        raise ConfigError("--deadline: it must be a positive number of seconds")
    try:
        import uvicorn

        from llm_ar.applications.serve.api import application, largest_body
        from llm_ar.applications.serve.connections import with_deadline
        from llm_ar.applications.serve.evaluations import read_evaluations
        from llm_ar.applications.serve.limits import Limits
        from llm_ar.applications.serve.security import Keys, Policy, Rate
        from llm_ar.applications.serve.service import Service, Settings
    except ImportError:
        raise MissingExtraError("serving", "serve") from None

    from llm_ar.applications.ui.loading import load_recognizer

    evaluations = read_evaluations(folders)
    models = {name: load_recognizer(folder) for name, folder in folders.items()}
    limits = Limits(
        upload=given.max_upload * MEBI,
        frames=given.max_frames,
        candidates=given.max_candidates,
        deadline=given.deadline,
    )
    settings = Settings(
        limits, given.queue, given.batch, given.linger / 1000, given.video, given.deadline
    )
    service = Service(models, settings, evaluations)
    policy = Policy(
        Keys(keys),
        known_hosts(given.host, given.name),
        Rate(given.rate),
        largest_body(service),
        not given.quiet,
    )
    url = f"http://{'[' + given.host + ']' if ':' in given.host else given.host}:{given.port}/"
    names = ", ".join(models)
    notes.print(plain(f"{names} at {url} (Ctrl-C ends it)"), soft_wrap=True)
    uvicorn.run(
        application(service, policy),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=given.behind_proxy,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=max(1, round(given.deadline)),
        # Requests over the queue's capacity get 429 long before this.
        limit_concurrency=16 * (given.queue + given.batch),
        http=with_deadline(given.deadline),
        ws_max_size=limits.json,
    )
    return 0


def parser() -> CommandParser:
    """The command's options."""
    made = CommandParser(
        prog="llm-ar serve",
        description="Serve models over HTTP, with a page to look at recordings. Only this machine "
        "can reach it, unless --host says otherwise; then the environment must hold an API key in "
        "LLM_AR_API_KEY (several are separated by commas).",
        example="llm-ar serve --model models/general",
    )
    shipped = default_model()
    option = made.add_argument(
        "--model",
        action="append",
        required=shipped is None,
        metavar="[NAME=]FOLDER",
        help="a trained model, again for each; the first is used where a request names none"
        + ("" if shipped is None else " (default: the one that comes with llm-ar)"),
    )
    made.offer(option, known_models)
    made.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default: this machine only)"
    )
    made.add_argument(
        "--port", type=positive, default=PORT, help=f"port to listen at (default {PORT})"
    )
    made.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="host name under which it is called, again for each",
    )
    made.add_argument(
        "--queue", type=positive, default=64, help="requests that may wait (default 64)"
    )
    made.add_argument(
        "--batch", type=positive, default=16, help="most requests that share a pass (default 16)"
    )
    made.add_argument(
        "--linger",
        type=float,
        default=5.0,
        metavar="MS",
        help="milliseconds that a pass waits for others to join (default 5)",
    )
    made.add_argument(
        "--deadline",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="the most that a request may take (default 30)",
    )
    made.add_argument(
        "--rate",
        type=int,
        default=600,
        help="requests a minute of each key, or address without one; 0: any (default 600)",
    )
    made.add_argument(
        "--max-upload",
        type=positive,
        default=16,
        metavar="MIB",
        help="size of an uploaded file (default 16)",
    )
    made.add_argument(
        "--max-frames", type=positive, default=9000, help="frames of a recording (default 9000)"
    )
    made.add_argument(
        "--max-candidates", type=positive, default=256, help="names to choose from (default 256)"
    )
    made.add_argument(
        "--video",
        action="store_true",
        help="decode videos, each in a process of its own (needs the extra 'video')",
    )
    made.add_argument(
        "--behind-proxy",
        action="store_true",
        help="believe a proxy on this machine what it says of clients' addresses",
    )
    made.add_argument("--quiet", action="store_true", help="log no requests")
    return made


def model_folders(given: Sequence[str]) -> dict[str, Path]:
    """Models' folders by name.

    Raises:
        ConfigError: two have the same name.
    """
    folders: dict[str, Path] = {}
    for each in given:
        name, stated, folder = each.partition("=")
        path = model_folder(folder if stated else each)
        # A model's name is not that of its folder in the hub's cache.
        named = Path(each) if not Path(each).exists() else path.resolve()
        name = name if stated else named.name
        if not name or name in folders:
            raise ConfigError(
                f"--model: the name {name!r} is empty or used twice; write NAME=FOLDER"
            )
        folders[name] = path
    return folders


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def api_keys(variable: str, host: str) -> list[str]:
    """The API keys.

    Args:
        variable: what the environment says, separated by commas.
        host: the address to listen at.

    Raises:
        ConfigError: a key is short, or there is none and other machines reach the address.
    """
    keys = [key.strip() for key in variable.split(",") if key.strip()]
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise ConfigError(
            f"{KEY_VARIABLE}: a key has fewer than {SHORTEST_KEY} characters; take a longer one"
        )
    if not keys and not is_loopback(host):
        raise ConfigError(
            f"--host: other machines reach {host}; set {KEY_VARIABLE} to an API key, or leave "
            "--host out"
        )
    return keys


def known_hosts(host: str, names: Sequence[str]) -> frozenset[str]:
    """Names under which the service answers; empty for any, where a key protects it anyway."""
    if is_loopback(host):
        return frozenset({*LOOPBACK_NAMES, host.lower(), *(name.lower() for name in names)})
    return frozenset(name.lower() for name in names) and frozenset(
        {*LOOPBACK_NAMES, *(name.lower() for name in names)}
    )
