"""The routes: right answers, shared passes, refusals, and nothing of the inside in an answer."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from starlette.testclient import TestClient  # noqa: E402

from llm_ar.applications.serve.api import application, largest_body  # noqa: E402
from llm_ar.applications.serve.limits import Limits  # noqa: E402
from llm_ar.applications.serve.passes import Pass, Passes  # noqa: E402
from llm_ar.applications.serve.security import HEADERS, Keys, Policy, Rate  # noqa: E402
from llm_ar.applications.serve.service import Service, Settings  # noqa: E402
from llm_ar.evaluation.explanation import explain  # noqa: E402
from llm_ar.recognizer.fast.best_first import EPSILON  # noqa: E402
from llm_ar.recognizer.model import ActionRecognizer  # noqa: E402
from llm_ar.skeletons.clip import Clip  # noqa: E402
from llm_ar.skeletons.synthetic.dataset import procedural_clips  # noqa: E402

KEY = "a-key-of-the-tests-0123"


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ActionRecognizer:
    return ActionRecognizer.from_pretrained(tiny_model)


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return list(procedural_clips(4, subjects=4, seed=5))


def client_of(
    model: ActionRecognizer, keys: tuple[str, ...] = (), rate: int = 0, **changes: Any
) -> TestClient:
    service = Service({"tiny": model, "twin": model}, Settings(**changes))
    hosts = frozenset({"testserver"})
    policy = Policy(Keys(keys), hosts, Rate(rate), largest_body(service), log=False)
    app = application(service, policy)
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(model: ActionRecognizer) -> Iterator[TestClient]:
    with client_of(model) as made:
        yield made


def npz(clip: Clip) -> bytes:
    out = io.BytesIO()
    np.savez(out, joints=clip.joints, present=clip.present, fps=clip.fps, layout=clip.layout.name)
    return out.getvalue()


def as_json(clip: Clip, **changes: Any) -> dict[str, Any]:
    joints = np.where(clip.present[..., None], clip.joints, np.nan)[:, 0].tolist()
    lists = [[[None if x != x else x for x in joint] for joint in frame] for frame in joints]
    return {"layout": clip.layout.name, "fps": clip.fps, "joints": lists} | changes


def upload(client: TestClient, content: bytes, name: str = "clip.npz", **data: Any) -> Any:
    files = {"file": (name, content)}
    return client.post("/v1/recognize", files=files, data=data)


def code(response: Any) -> str:
    return response.json()["error"]["code"]


def test_a_file_gets_the_models_answers(
    client: TestClient, model: ActionRecognizer, clips: list[Clip], tmp_path: Path
) -> None:
    path = tmp_path / "clip.npz"
    path.write_bytes(npz(clips[0]))
    expected = model.recognize(path, top_k=3)
    answer = upload(client, path.read_bytes(), top_k=3)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [each["action"] for each in found["top"]] == [each.action for each in expected.top]
    np.testing.assert_allclose(
        [each["probability"] for each in found["top"]],
        [each.probability for each in expected.top],
        atol=1e-6,
    )
    assert found["sentence"] == expected.sentence
    assert len(found["spans"]) == len(found["sentence"])
    assert found["model"] == "tiny"
    assert found["movement"] is None


def test_joints_as_json_are_the_same_recording(
    client: TestClient, model: ActionRecognizer, clips: list[Clip]
) -> None:
    by_file = upload(client, npz(clips[1])).json()
    by_json = client.post("/v1/recognize", json=as_json(clips[1]))
    assert by_json.status_code == 200, by_json.text
    assert by_json.json()["top"] == by_file["top"]
    assert by_json.json()["sentence"] == by_file["sentence"]


@pytest.mark.parametrize("form", [True, False])
def test_own_names(
    client: TestClient, model: ActionRecognizer, clips: list[Clip], form: bool
) -> None:
    names = ["wave", "dance a waltz", "clap"]
    expected = model.recognize(clips[2], names, top_k=3)
    if form:
        answer = upload(client, npz(clips[2]), candidates=names, model="twin")
    else:
        answer = client.post("/v1/recognize", json=as_json(clips[2], candidates=names))
    top = answer.json()["top"]
    assert [each["action"] for each in top] == [each.action for each in expected.top]
    assert sum(each["probability"] for each in top) == pytest.approx(1, abs=0.01)


def test_the_movement_for_a_picture(client: TestClient, clips: list[Clip]) -> None:
    movement = upload(client, npz(clips[0]), movement="true").json()["movement"]
    assert len(movement["skeleton"]["parents"]) == len(movement["skeleton"]["joints"]) == 20
    frames = np.array(movement["joints"])
    assert frames.shape[1:] == (1, 20, 3)
    assert len(frames) / movement["fps"] == pytest.approx(clips[0].frames / 30, rel=0.2)


def test_sentence_and_explanation(
    client: TestClient, model: ActionRecognizer, clips: list[Clip]
) -> None:
    sentence = client.post("/v1/sentence", json=as_json(clips[0])).json()["sentence"]
    answer = client.post("/v1/explain", json=as_json(clips[0])).json()
    expected = explain(model, clips[0])
    assert sentence == expected.sentence == [token["token"] for token in answer["tokens"]]
    assert answer["answer"] == expected.top[0].action
    drops = [token.drop for token in expected.tokens]
    np.testing.assert_allclose([token["drop"] for token in answer["tokens"]], drops, atol=1e-5)
    assert "file" not in answer


def test_what_tokens_mean(client: TestClient) -> None:
    found = client.get("/v1/tokens", params={"ids": "3,7"}).json()
    assert np.array(found["movements"]).shape == (2, 4, 1, 20, 3)
    for wrong in ("", "x", "1,,2", "999999", "-1", ",".join(["1"] * 65)):
        assert client.get("/v1/tokens", params={"ids": wrong}).status_code == 422


def test_models_health_clips_and_the_page(client: TestClient) -> None:
    found = client.get("/v1/models").json()
    assert [each["name"] for each in found["models"]] == ["tiny", "twin"]
    assert found["models"][0]["words"] == 4
    assert client.get("/v1/health/live").json() == {"status": "ok"}
    assert client.get("/v1/health/ready").json() == {"status": "ok"}
    names = client.get("/v1/clips").json()["clips"]
    assert len(names) == 16
    for name in names:
        recording = client.get(f"/v1/clips/{name}").json()
        assert len(recording["joints"][0]) == 20
        assert client.post("/v1/sentence", json=recording).status_code == 200
    assert client.get("/v1/clips/none").status_code == 404
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_the_description_has_examples(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    paths = described["paths"]
    assert {"/v1/recognize", "/v1/sentence", "/v1/explain", "/v1/models"} <= set(paths)
    body = paths["/v1/recognize"]["post"]["requestBody"]["content"]
    assert body["application/json"]["example"]["layout"] == "kinect-v1"
    assert "file" in body["multipart/form-data"]["schema"]["properties"]
    assert "example" in described["components"]["schemas"]["Recognized"]


def test_the_description_tells_every_refusal(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    found = {
        (method, path): set(told["responses"])
        for path, methods in paths.items()
        for method, told in methods.items()
    }
    anywhere = {"400", "413", "421", "500", "503"}
    assert all(anywhere <= statuses for statuses in found.values())
    uploaded = anywhere | {"401", "403", "404", "415", "422", "429", "504"}
    for name in ("recognize", "sentence", "explain", "timeline"):
        assert found["post", f"/v1/{name}"] == uploaded | {"200"}
    assert {"404", "422", "429"} <= found["get", "/v1/clips/{name}"]
    for methods in paths.values():
        for told in methods.values():
            for status, response in told["responses"].items():
                schema = response["content"]["application/json"]["schema"]
                assert (schema["$ref"] == "#/components/schemas/Refused") == (status != "200")


def test_the_description_tells_where_a_key_stands(
    client: TestClient, model: ActionRecognizer
) -> None:
    assert "securitySchemes" not in client.get("/openapi.json").json()["components"]
    with client_of(model, keys=(KEY,)) as closed:
        described = closed.get("/openapi.json", headers={"X-API-Key": KEY}).json()
        assert len(described["components"]["securitySchemes"]) == 2
        assert described["paths"]["/v1/clips"]["get"]["security"]
        assert "security" not in described["paths"]["/v1/health/ready"]["get"]


def test_a_long_recording_is_sent_to_the_timeline(client: TestClient, clips: list[Clip]) -> None:
    short = client.post("/v1/recognize", json=as_json(clips[0])).json()["warnings"]
    slow = as_json(clips[0], fps=clips[0].frames / 20)
    warnings = client.post("/v1/recognize", json=slow).json()["warnings"]
    [told] = [text for text in warnings if "20.0 s" in text]
    assert "10.0 s" in told and "timeline" in told
    assert not any("timeline" in text for text in short)


def test_metrics(client: TestClient, clips: list[Clip]) -> None:
    upload(client, npz(clips[0]))
    text = client.get("/metrics").text
    wanted = 'llm_ar_requests_total{method="POST",route="/v1/recognize",status="200"}'
    assert wanted in text
    assert "llm_ar_batch_size_bucket" in text
    assert "llm_ar_queue_length 0.0" in text
    assert 'llm_ar_request_seconds_count{route="/v1/recognize"}' in text


class Held:
    """Holds the passes of a service until they are let go."""

    def __init__(self, client: TestClient) -> None:
        self.batcher = client.app.state.service.batcher  # type: ignore[attr-defined]
        self.go, self.sizes, compute = threading.Event(), [], self.batcher._compute

        def held(key: Any, payloads: Any) -> Any:
            self.go.wait(20)
            self.sizes.append(len(payloads))
            return compute(key, payloads)

        self.batcher._compute = held

    def until_waiting(self, count: int) -> None:
        for _ in range(500):
            if self.batcher.waiting == count:
                return
            time.sleep(0.01)
        raise AssertionError(f"{self.batcher.waiting} wait, not {count}")


def in_threads(count: int, ask: Any) -> tuple[list[threading.Thread], list[Any]]:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(ask())) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def test_requests_that_wait_together_share_a_pass(
    model: ActionRecognizer, clips: list[Clip]
) -> None:
    with client_of(model, linger=0.0) as client:
        held = Held(client)
        alone = upload(client, npz(clips[0])) if held.go.set() is None else None
        held.go.clear()
        first, _ = in_threads(1, lambda: upload(client, npz(clips[0])))
        time.sleep(0.3)
        others, answers = in_threads(5, lambda: upload(client, npz(clips[0])))
        held.until_waiting(5)
        held.go.set()
        for thread in (*first, *others):
            thread.join()
        assert held.sizes == [1, 1, 5]
        assert alone is not None
        for answer in answers:
            assert answer.json()["sentence"] == alone.json()["sentence"]
            assert [each["action"] for each in answer.json()["top"]] == [
                each["action"] for each in alone.json()["top"]
            ]


@pytest.mark.parametrize("names", [None, ("wave", "dance a waltz", "clap")])
def test_a_shared_pass_gives_each_its_own_answer(
    model: ActionRecognizer, clips: list[Clip], names: tuple[str, ...] | None
) -> None:
    passes, key = Passes({"tiny": model}), Pass("recognize", "tiny", names)
    for clip, found in zip(clips, passes(key, clips), strict=True):
        [alone] = passes(key, [clip])
        assert found.sentence == alone.sentence
        assert [each.action for each in found.top] == [each.action for each in alone.top]
        # The search for the best names leaves out at most this share of the probability.
        np.testing.assert_allclose(
            [each.probability for each in found.top],
            [each.probability for each in alone.top],
            atol=EPSILON,
        )


def test_a_full_queue_refuses(model: ActionRecognizer, clips: list[Clip]) -> None:
    with client_of(model, queue=2, linger=0.0) as client:
        held = Held(client)
        first, _ = in_threads(1, lambda: upload(client, npz(clips[0])))
        time.sleep(0.3)
        others, answers = in_threads(2, lambda: upload(client, npz(clips[0])))
        held.until_waiting(2)
        refused = upload(client, npz(clips[0]))
        assert refused.status_code == 429
        assert code(refused) == "queue_full"
        assert int(refused.headers["retry-after"]) >= 1
        held.go.set()
        for thread in (*first, *others):
            thread.join()
        assert [answer.status_code for answer in answers] == [200, 200]
        assert upload(client, npz(clips[0])).status_code == 200


def test_a_deadline_frees_the_place(model: ActionRecognizer, clips: list[Clip]) -> None:
    with client_of(model, limits=Limits(deadline=0.5), linger=0.0) as client:
        held = Held(client)
        first, _ = in_threads(1, lambda: upload(client, npz(clips[0])))
        time.sleep(0.2)
        late = upload(client, npz(clips[0]))
        assert late.status_code == 504
        assert code(late) == "deadline"
        assert held.batcher.waiting == 0
        held.go.set()
        first[0].join()
    bad = {"X-Deadline-Seconds": "soon"}
    with client_of(model) as client:
        assert client.post("/v1/recognize", json={}, headers=bad).status_code == 400


def test_a_shutdown_answers_what_waits(model: ActionRecognizer, clips: list[Clip]) -> None:
    with client_of(model, linger=0.0) as client:
        batcher = client.app.state.service.batcher  # type: ignore[attr-defined]
        threads, answers = in_threads(3, lambda: upload(client, npz(clips[0])))
        for thread in threads:
            thread.join()
        batcher.close(5)
        assert client.get("/v1/health/ready").status_code == 503
        assert client.get("/v1/health/live").status_code == 200
        refused = upload(client, npz(clips[0]))
        assert (refused.status_code, code(refused)) == (503, "shutting_down")
    assert [answer.status_code for answer in answers] == [200] * 3


def test_a_key_is_needed_where_there_is_one(model: ActionRecognizer, clips: list[Clip]) -> None:
    with client_of(model, keys=(KEY, KEY + "-second")) as client:
        assert upload(client, npz(clips[0])).status_code == 401
        assert client.get("/metrics").status_code == 401
        assert client.get("/v1/health/ready").status_code == 200
        assert client.get("/").status_code == 200
        for headers in ({"Authorization": "Bearer wrong"}, {"X-API-Key": KEY[:-1]}):
            refused = client.get("/v1/models", headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY + "-second"}):
            assert client.get("/v1/models", headers=headers).status_code == 200


def test_a_key_may_not_ask_too_often(model: ActionRecognizer) -> None:
    with client_of(model, keys=(KEY, KEY + "2"), rate=3) as client:
        headers = {"X-API-Key": KEY}
        codes = [client.get("/v1/models", headers=headers).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        refused = client.get("/v1/models", headers=headers)
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert client.get("/v1/models", headers={"X-API-Key": KEY + "2"}).status_code == 200


def test_buckets_refill() -> None:
    now = [0.0]
    rate = Rate(60, lambda: now[0])
    for _ in range(60):
        rate.take("one")
    with pytest.raises(Exception, match="more than 60"):
        rate.take("one")
    now[0] = 1.01
    rate.take("one")


def test_other_hosts_and_origins_are_refused(client: TestClient, clips: list[Clip]) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
    own = client.post(
        "/v1/recognize", json=as_json(clips[0]), headers={"Origin": "http://testserver"}
    )
    assert own.status_code == 200
    other = client.post(
        "/v1/recognize", json=as_json(clips[0]), headers={"Origin": "http://evil.example"}
    )
    assert other.status_code == 403
    assert not any(name.startswith("access-control") for name in other.headers)


def test_every_answer_has_the_headers(client: TestClient) -> None:
    for path in ("/", "/v1/models", "/nothing", "/v1/recognize", "/metrics", "/static/none.js"):
        answer = client.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
        assert "server" not in answer.headers
        assert len(answer.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"candidates": []}, 422),
        ({"candidates": ["a", " "]}, 422),
        ({"candidates": ["a", "a "]}, 422),
        ({"candidates": ["x" * 300]}, 413),
        ({"candidates": ["a\x00b"]}, 422),
        ({"candidates": [f"name {n}" for n in range(300)]}, 413),
        ({"candidates": "walk"}, 422),
        ({"top_k": 0}, 422),
        ({"top_k": 1000}, 422),
        ({"fps": -1}, 422),
        ({"fps": "fast"}, 422),
        ({"fps": "30"}, 422),
        ({"fps": 5e-324}, 422),
        ({"top_k": "3"}, 422),
        ({"top_k": True}, 422),
        ({"fast": "yes"}, 422),
        ({"layout": "../../etc/passwd"}, 422),
        ({"layout": "coco-17"}, 422),
        ({"up": "sideways"}, 422),
        ({"axes": "ABC"}, 422),
        ({"model": "none"}, 404),
        ({"zero_shot": True}, 422),
        ({"unknown": 1}, 422),
        ({"joints": None}, 422),
        ({"joints": []}, 422),
        ({"joints": [[1, 2], [3]]}, 422),
        ({"joints": "text"}, 422),
        ({"joints": [[[1e400, 1, 1]] * 20]}, 422),
        ({"joints": [[[None, None, None]] * 20] * 9}, 422),
        ({"joints": [[[1, 2, 3]] * 20] * 9001}, 413),
    ],
)
def test_impossible_settings_are_refused(
    client: TestClient, clips: list[Clip], changes: dict[str, Any], status: int
) -> None:
    body = json.dumps(as_json(clips[0]) | changes)
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/recognize", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


def test_limits_of_size(model: ActionRecognizer, clips: list[Clip]) -> None:
    limits = Limits(upload=4096, json=20_000, frames=10)
    with client_of(model, limits=limits) as client:
        assert upload(client, b"0" * 5000).status_code == 413
        assert upload(client, b"0" * 500_000).status_code == 413
        chunks = iter([b"0" * 100_000] * 5)
        headers = {"Content-Type": "application/json"}
        assert client.post("/v1/recognize", content=chunks, headers=headers).status_code == 413
        assert client.post("/v1/recognize", json=as_json(clips[0])).status_code == 413
        few = as_json(clips[0])
        few["joints"] = [[[0.1 * j, j, f] for j in range(20)] for f in range(11)]
        assert client.post("/v1/recognize", json=few).status_code == 413
        few["joints"] = few["joints"][:10]
        assert client.post("/v1/recognize", json=few).status_code == 200


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", b"[1]", 422),
        ("text/plain", b"hello", 415),
        ("multipart/form-data", b"hello", 400),
        ("multipart/form-data; boundary=x", b"--y\r\n", 400),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422),
        ("", b"", 415),
    ],
)
def test_bodies_that_are_none(client: TestClient, kind: str, content: bytes, status: int) -> None:
    answer = client.post("/v1/recognize", content=content, headers={"Content-Type": kind})
    # Which of the two an empty form is depends on the parser's version.
    assert answer.status_code in ((400, 422) if "boundary" in kind else (status,)), answer.text
    assert answer.json()["error"]["message"]


def test_videos_are_refused_with_a_sentence(client: TestClient) -> None:
    answer = upload(client, b"\0\0\0\x20ftypisom" + bytes(200), "dance.mp4")
    assert (answer.status_code, code(answer)) == (415, "no_video")
    assert "joints" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\clip.npz",
        "a.pkl#b",
        "layout.yaml",
        ".npz",
        "",
        "webcam:0",
        "é\0.npz",
    ],
)
def test_names_are_no_paths(client: TestClient, clips: list[Clip], name: str) -> None:
    answer = client.post("/v1/recognize", files={"file": (name or "x", b"no recording at all")})
    assert answer.status_code == 422
    assert "/tmp" not in answer.text and "llm-ar-upload" not in answer.text


def test_an_error_tells_nothing_of_the_inside(
    model: ActionRecognizer, clips: list[Clip], capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service({"tiny": model}, Settings())

    def broken(key: Any, payloads: Any) -> Any:
        raise RuntimeError("secret of the inside")

    service.batcher._compute = broken
    app = application(service)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = upload(client, npz(clips[0]))
        assert upload(client, npz(clips[0])).status_code == 500
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "secret" not in answer.text and "Traceback" not in answer.text
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert len(lines) == 2
    assert lines[0]["id"] == answer.json()["id"]
    assert lines[0]["failure"].startswith("RuntimeError at ")
    assert "secret" not in json.dumps(lines)


ENDINGS = (".npz", ".npy", ".skeleton", ".bvh", ".mat", ".csv", ".pkl", ".json", ".txt", ".mp4", "")
HEADS = (
    b"",
    b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (9, 20, 3)}",
    b"PK\x03\x04",
    b"\x80\x04",
    b"MATLAB 5.0 MAT-file",
    b"HIERARCHY\nROOT Hips\n{\n",
    b'[{"keypoints": [',
    b'{"people": [{"pose_keypoints_2d": [',
    b"10\n1\n1 0 1 1 1 1 0 0.1 0.2 2\n25\n",
    b"frame,head_x,head_y,head_z\n",
    b"\0\0\0\x20ftypisom",
    b"\x1a\x45\xdf\xa3",
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    head=st.sampled_from(HEADS),
    rest=st.binary(max_size=300) | st.text(max_size=100).map(str.encode),
    ending=st.sampled_from(ENDINGS),
)
def test_malformed_uploads_never_break_it(
    client: TestClient, head: bytes, rest: bytes, ending: str
) -> None:
    answer = upload(client, head + rest, "recording" + ending)
    assert answer.status_code in (200, 413, 415, 422), answer.text
    assert "Traceback" not in answer.text and "llm-ar-upload" not in answer.text


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, 2000), value=st.integers(0, 255), cut=st.integers(1, 4000))
def test_damaged_uploads_never_break_it(
    client: TestClient, clips: list[Clip], place: int, value: int, cut: int
) -> None:
    content = bytearray(npz(clips[0]))
    content[place % len(content)] = value
    assert upload(client, bytes(content)).status_code in (200, 413, 422)
    assert upload(client, bytes(content[:-cut])).status_code in (200, 413, 422)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    joints=VALUES,
    fields=st.dictionaries(
        st.sampled_from(["model", "candidates", "top_k", "fps", "layout", "axes", "up"]), VALUES
    ),
)
def test_any_json_gets_an_answer(client: TestClient, joints: Any, fields: dict[str, Any]) -> None:
    body = json.dumps({"joints": joints} | fields)
    headers = {"Content-Type": "application/json"}
    for path in ("/v1/recognize", "/v1/explain"):
        answer = client.post(path, content=body, headers=headers)
        assert answer.status_code in (200, 404, 413, 422), answer.text


def test_a_client_that_goes_away_frees_its_place(
    model: ActionRecognizer, clips: list[Clip]
) -> None:
    body = json.dumps(as_json(clips[0])).encode()
    with client_of(model, linger=0.0) as client:
        held = Held(client)
        first, _ = in_threads(1, lambda: upload(client, npz(clips[0])))
        time.sleep(0.3)

        async def gone() -> list[Any]:
            messages = [{"type": "http.request", "body": body}]
            sent: list[Any] = []

            async def receive() -> Any:
                if messages:
                    return messages.pop()
                while not held.batcher.waiting:
                    await asyncio.sleep(0.01)
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                sent.append(message)

            headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
            scope = {"type": "http", "method": "POST", "path": "/v1/recognize", "headers": headers}
            scope |= {"query_string": b"", "root_path": "", "scheme": "http", "state": {}}
            await client.app(scope, receive, send)
            return sent

        assert asyncio.run(gone())[0]["status"] == 499
        assert held.batcher.waiting == 0
        held.go.set()
        first[0].join()
    assert held.sizes == [1]
