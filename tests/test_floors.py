"""The lower bounds of the dependencies are the versions that `make test-floors` tests."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LISTED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]


def pinned(name: str) -> dict[str, Version]:
    """The versions that a file of constraints pins."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(package): Version(version) for package, version in pins}


@pytest.mark.parametrize("listed", LISTED)
def test_each_lower_bound_is_tested(listed: str) -> None:
    requirement = Requirement(listed)
    (bound,) = requirement.specifier
    assert bound.operator == ">="
    assert pinned("constraints-floor.txt")[canonicalize_name(requirement.name)] == Version(
        bound.version
    )


@pytest.mark.parametrize("listed", LISTED)
def test_the_measured_version_is_allowed(listed: str) -> None:
    requirement = Requirement(listed)
    assert pinned("constraints.txt")[canonicalize_name(requirement.name)] in requirement.specifier
