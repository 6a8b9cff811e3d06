"""An NTU reader as most published scripts have one: a line at a time, a dictionary a joint.

It does what theirs do (ST-GCN's generator and its many descendants): every field becomes a float,
four bodies a frame have a place, and the two with the most energy are kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BODY_FIELDS = (
    "bodyID clipedEdges handLeftConfidence handLeftState handRightConfidence handRightState "
    "isResticted leanX leanY trackingState"
).split()
JOINT_FIELDS = (
    "x y z depthX depthY colorX colorY orientationW orientationX orientationY orientationZ "
    "trackingState"
).split()
MOST_BODIES, KEPT_BODIES, JOINTS = 4, 2, 25


def read(path: Path) -> NDArray[np.float64]:
    """Positions ``(3, T, 25, 2)``."""
    sequence = _sequence(path)
    positions = np.zeros((MOST_BODIES, sequence["frames"], JOINTS, 3))
    for number, frame in enumerate(sequence["bodies"]):
        for place, body in enumerate(frame[:MOST_BODIES]):
            for joint, values in enumerate(body["joints"][:JOINTS]):
                positions[place, number, joint] = [values["x"], values["y"], values["z"]]
    energy = np.array([_energy(body) for body in positions])
    return positions[energy.argsort()[::-1][:KEPT_BODIES]].transpose(3, 1, 2, 0)


def _sequence(path: Path) -> dict[str, Any]:
    with path.open() as file:
        frames = int(file.readline())
        bodies = []
        for _ in range(frames):
            frame = []
            for _ in range(int(file.readline())):
                words = zip(BODY_FIELDS, file.readline().split(), strict=True)
                body: dict[str, Any] = {name: float(word) for name, word in words}
                body["joints"] = []
                for _ in range(int(file.readline())):
                    words = zip(JOINT_FIELDS, file.readline().split(), strict=True)
                    body["joints"].append({name: float(word) for name, word in words})
                frame.append(body)
            bodies.append(frame)
    return {"frames": frames, "bodies": bodies}


def _energy(body: NDArray[np.float64]) -> float:
    seen = body[body.sum(axis=(1, 2)) != 0]
    return float(sum(seen[..., axis].std() for axis in range(3))) if len(seen) else 0.0
