"""The pack as its author would test it, and as graphcost sees it once it is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest

from graphcost.ops.cost import Free
from graphcost.plugins import installed_rules

NAME = "graphcost-sample-pack"


@pytest.fixture(autouse=True)
def _installed() -> None:
    try:
        version(NAME)
    except PackageNotFoundError:
        pytest.skip(f"{NAME} isn't installed: pip install ./tests/sample_pack")


def model(op: str, attributes: str = "") -> str:
    return f"""
        node {{ name: "image" op: "Placeholder"
          attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
          attr {{ key: "shape" value {{ shape {{
            dim {{ size: -1 }} dim {{ size: 8 }} dim {{ size: 8 }} dim {{ size: 3 }} }} }} }} }}
        node {{ name: "result" op: "{op}" input: "image" attr {{ key: "T" value {{ type: DT_FLOAT }} }} {attributes} }}
    """


def test_the_pack_s_rules_are_found_and_owned() -> None:
    rules = installed_rules()
    blur, erf = rules.get("SampleBlur"), rules.get("Erf")
    assert blur is not None
    assert erf is not None
    assert blur.owner == erf.owner == NAME


def test_an_override_keeps_the_built_in_shape() -> None:
    erf = installed_rules().get("Erf")
    assert erf is not None
    assert erf.shape is not None
    assert erf.cost is not None
    assert not isinstance(erf.cost, Free)


def test_a_new_operation_is_costed(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from graphcost.pipeline import analyze

    path = tmp_path / "blur.pbtxt"
    path.write_text(model("SampleBlur", 'attr { key: "size" value { i: 5 } }'))
    report = analyze(path).bind(N=2)
    assert report.is_complete
    assert report.total.work.macs == 2 * 8 * 8 * 3 * 5 * 5


def test_an_override_is_what_counts(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from graphcost.pipeline import analyze

    path = tmp_path / "erf.pbtxt"
    path.write_text(model("Erf"))
    assert analyze(path, batch=1).total.work.flops == 11 * 8 * 8 * 3
