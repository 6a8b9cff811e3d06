"""``/v1/timeline``: segments as the library finds them, in three forms, beside other requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from starlette.testclient import TestClient  # noqa: E402

from llm_ar.applications.serve.api import application, largest_body  # noqa: E402
from llm_ar.applications.serve.limits import Limits  # noqa: E402
from llm_ar.applications.serve.page import generated  # noqa: E402
from llm_ar.applications.serve.security import Keys, Policy, Rate  # noqa: E402
from llm_ar.applications.serve.service import Service, Settings  # noqa: E402
from llm_ar.applications.ui.timeline_output import as_csv, as_json, as_vtt  # noqa: E402
from llm_ar.recognizer.model import ActionRecognizer  # noqa: E402
from llm_ar.recognizer.timeline import Timeline, recognize_timeline  # noqa: E402
from llm_ar.skeletons.clip import Clip  # noqa: E402
from llm_ar.skeletons.synthetic.dataset import procedural_clips  # noqa: E402
from llm_ar.skeletons.windows import at_rate  # noqa: E402

BATCH = 4


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ActionRecognizer:
    return ActionRecognizer.from_pretrained(tiny_model)


def client_of(model: ActionRecognizer, **changes: Any) -> TestClient:
    service = Service({"tiny": model}, Settings(**changes))
    policy = Policy(Keys(()), frozenset({"testserver"}), Rate(0), largest_body(service), log=False)
    return TestClient(application(service, policy), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(model: ActionRecognizer) -> Iterator[TestClient]:
    with client_of(model, batch=BATCH) as made:
        yield made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several actions one after the other, by two people beside each other."""
    clips = [at_rate(clip) for clip in procedural_clips(3, subjects=2, seed=5)]
    joints = np.concatenate([clip.joints[:, :1] for clip in clips])
    beside = joints[::-1] + np.array([1.5, 0, 0], dtype=np.float32)
    path = tmp_path_factory.mktemp("long") / "long.npz"
    both = np.concatenate([joints, beside], axis=1)
    np.savez(path, joints=both, fps=30.0, layout=clips[0].layout.name)
    return path


@pytest.fixture(scope="module")
def expected(model: ActionRecognizer, file: Path) -> Timeline:
    return recognize_timeline(model, file)


def ask(client: TestClient, file: Path, form: str | None = None, **fields: Any) -> Any:
    params = {} if form is None else {"format": form}
    files = {"file": (file.name, file.read_bytes())}
    return client.post("/v1/timeline", files=files, data=fields, params=params)


def test_segments_are_those_of_the_library(
    client: TestClient, file: Path, expected: Timeline
) -> None:
    answer = ask(client, file)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found.pop("model") == "tiny"
    wanted: Any = as_json(expected) | {"file": "long.npz"}
    assert len(wanted["people"]) == 2
    # Other batches change the last digits.
    for mine, other in zip(found["people"], wanted["people"], strict=True):
        for one, two in zip(mine["segments"], other["segments"], strict=True):
            likely = two.pop("probability")
            mine_likely = one.pop("probability")
            assert (mine_likely is None) == (likely is None)
            assert likely is None or mine_likely == pytest.approx(likely, abs=2e-4)
    assert found == wanted


@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv"), ("vtt", "text/vtt")])
def test_other_forms(
    client: TestClient, file: Path, expected: Timeline, form: str, kind: str
) -> None:
    answer = ask(client, file, form)
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    wanted = as_csv(expected) if form == "csv" else as_vtt(expected)
    stamps = [line for line in wanted.splitlines() if "-->" in line]
    assert len(answer.text.splitlines()) == len(wanted.splitlines())
    assert [line for line in answer.text.splitlines() if "-->" in line] == stamps
    assert answer.text.splitlines()[0] == wanted.splitlines()[0]


def test_joints_and_own_names(client: TestClient) -> None:
    names = ["squat", "dance a waltz"]
    body = generated()["squat"] | {"candidates": names}
    answer = client.post("/v1/timeline", json=body)
    assert answer.status_code == 200, answer.text
    [person] = answer.json()["people"]
    assert person["person"] == 1
    assert {segment["action"] for segment in person["segments"]} <= {*names, None}
    assert person["segments"][0]["start"] == 0
    assert person["segments"][-1]["end"] == answer.json()["seconds"]


@pytest.mark.parametrize(
    ("changes", "params", "status"),
    [
        ({}, {"format": "xml"}, 422),
        ({}, {"format": ""}, 422),
        ({"zero_shot": True, "candidates": ["a"]}, {}, 422),
        ({"fast": True}, {}, 422),
        ({"candidates": []}, {}, 422),
        ({"model": "none"}, {}, 404),
        ({"lengths": [1]}, {}, 422),
        ({"joints": []}, {}, 422),
        ({"joints": [[[None, None, None]] * 20] * 9}, {}, 422),
        ({"joints": [[[1, 2, 3]] * 20] * 9001}, {}, 413),
        ({"fps": 0.01}, {}, 413),
        ({"fps": 0.001}, {}, 413),
        ({"fps": 1e-300}, {}, 422),
    ],
)
def test_bad_requests(
    client: TestClient, changes: dict[str, Any], params: dict[str, str], status: int
) -> None:
    answer = client.post("/v1/timeline", json=generated()["squat"] | changes, params=params)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


def test_bad_files(client: TestClient, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.npz"
    wrong.write_bytes(b"PK\x03\x04 no archive")
    assert ask(client, wrong).status_code == 422
    wrong.write_bytes(b"")
    assert ask(client, wrong).status_code == 422
    headers = {"Content-Type": "text/plain"}
    assert client.post("/v1/timeline", content=b"x", headers=headers).status_code == 415


def test_other_requests_have_their_turn(model: ActionRecognizer, file: Path) -> None:
    with client_of(model, batch=BATCH, linger=0.0) as client:
        batcher = client.app.state.service.batcher  # type: ignore[attr-defined]
        order: list[tuple[str, int]] = []
        begun, go, compute = threading.Event(), threading.Event(), batcher._compute

        def noted(key: Any, payloads: Any) -> Any:
            clips = len(payloads[0]) if key.kind == "timeline" else 1
            order.append((key.kind, clips * len(payloads)))
            begun.set()
            go.wait(20)
            return compute(key, payloads)

        batcher._compute = noted
        answers: list[Any] = []
        long = threading.Thread(target=lambda: answers.append(ask(client, file)))
        long.start()
        assert begun.wait(20)
        short = threading.Thread(
            target=lambda: answers.append(client.post("/v1/recognize", json=generated()["squat"]))
        )
        short.start()
        for _ in range(500):
            if batcher.waiting:
                break
            threading.Event().wait(0.01)
        go.set()
        long.join()
        short.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [kind for kind, _ in order[:2]] == ["timeline", "recognize"]
    assert len(order) > 3
    assert max(size for _, size in order) <= BATCH


def test_a_deadline_ends_it(model: ActionRecognizer, file: Path) -> None:
    with client_of(model, limits=Limits(deadline=0.4), batch=1, linger=0.1) as client:
        answer = ask(client, file)
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "deadline")
        assert client.app.state.service.batcher.waiting == 0  # type: ignore[attr-defined]


def test_the_description_names_the_forms(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    route = described["paths"]["/v1/timeline"]["post"]
    assert set(route["responses"]["200"]["content"]) == {
        "application/json",
        "text/csv",
        "text/vtt",
    }
    names = [(parameter["in"], parameter["name"]) for parameter in route["parameters"]]
    assert names == [("query", "format"), ("header", "X-Deadline-Seconds")]
    assert "example" in described["components"]["schemas"]["TimelineOut"]
    assert client.get("/v1/models").json()["models"][0]["seconds"] == 4


def test_a_person_who_is_never_seen_has_no_line(
    client: TestClient,
) -> None:
    clip: Clip = next(procedural_clips(1, subjects=2, seed=2))
    frames = np.concatenate([clip.joints[:, :1]] * 2, axis=1).astype(object)
    frames[:, 1] = None
    body = {"layout": clip.layout.name, "fps": clip.fps, "joints": frames.tolist()}
    people = client.post("/v1/timeline", json=body).json()["people"]
    assert [line["person"] for line in people] == [1]
