"""The description at ``/openapi.json``: requests made out of it get only answers that it describes.

Needs the extra ``fuzz`` (Schemathesis); ``pytest -m slow``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
schemathesis = pytest.importorskip("schemathesis", reason="the extra 'fuzz' is missing")

from hypothesis import HealthCheck, settings  # noqa: E402
from schemathesis.checks import (  # noqa: E402
    ignored_auth,
    not_a_server_error,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from llm_ar.applications.serve.api import application, largest_body  # noqa: E402
from llm_ar.applications.serve.security import Keys, Policy, Rate  # noqa: E402
from llm_ar.applications.serve.service import Service  # noqa: E402
from llm_ar.recognizer.model import ActionRecognizer  # noqa: E402

KEY = {"X-API-Key": "a-key-of-the-tests-0123"}
SERVICE = Service({})
POLICY = Policy(Keys(KEY.values()), frozenset(), Rate(0), largest_body(SERVICE), log=False)
APPLICATION = application(SERVICE, POLICY)


async def requests_only(scope: Any, receive: Any, send: Any) -> None:
    """The application without its start and end, for which Schemathesis asks again and again."""
    assert scope["type"] == "http"
    await APPLICATION(scope, receive, send)


schema = schemathesis.openapi.from_asgi("/openapi.json", requests_only, headers=KEY)


@pytest.fixture(scope="module", autouse=True)
def served(tiny_model: Path) -> Iterator[None]:
    """The service with a model; the description does not depend on it."""
    SERVICE.models["tiny"] = ActionRecognizer.from_pretrained(tiny_model)
    SERVICE.start()
    yield
    SERVICE.close()


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_as_described(case: Any) -> None:
    answer = case.call(headers=KEY)
    assert answer.status_code != 500
    # Deadlines are made as short as they may be, and then the answer is 504. A request in the
    # described form may hold no recording, and is refused then. The key goes with every request.
    left_out = [not_a_server_error, positive_data_acceptance, ignored_auth]
    case.validate_response(answer, excluded_checks=left_out, headers=KEY)


@pytest.mark.slow
@schema.include(method="POST").parametrize()
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_recordings_are_answered_or_refused_in_time(case: Any) -> None:
    case.headers.pop("X-Deadline-Seconds", None)
    answer = case.call(headers=KEY)
    assert answer.status_code < 500
    case.validate_response(answer, [status_code_conformance, response_schema_conformance])
