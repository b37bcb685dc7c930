"""Checkpoints: the published wrappings load, everything else is refused in a sentence."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import small
import torch
from torch import Tensor, nn

from pipeline.errors import WeightsError
from pipeline.networks import build_network
from pipeline.weights import FILE_NAMES, file_sha256, identify, load_state_dict, read_state_dict


def fresh(name: str) -> nn.Module:
    torch.manual_seed(0)
    return small.NETWORKS[name]().eval().requires_grad_(False)


def assert_same(network: nn.Module, state: dict[str, Tensor]) -> None:
    loaded = network.state_dict()
    for key, value in state.items():
        assert torch.equal(loaded[key], value), key


@pytest.fixture
def state() -> dict[str, Tensor]:
    return small.small("u2net").state_dict()


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("name", small.NETWORKS)
def test_bare_file_loads(name: str, legacy: bool, tmp_path: Path) -> None:
    wanted = small.small(name).state_dict()
    torch.save(wanted, tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy)
    network = fresh(name)
    network.train()
    assert load_state_dict(tmp_path / "w.pth", network) is network
    assert not network.training
    assert_same(network, wanted)


def test_published_wrappings_load(state: dict[str, Tensor], tmp_path: Path) -> None:
    prefixed = {f"module.{key}": value for key, value in state.items()}
    torch.save({"state_dict": prefixed, "epoch": 150, "best": 0.5}, tmp_path / "wrapped.pth")
    torch.save(prefixed, tmp_path / "prefixed.pth")
    for file in ("wrapped.pth", "prefixed.pth"):
        assert_same(load_state_dict(tmp_path / file, fresh("u2net")), state)


def test_files_from_before_counters_load(state: dict[str, Tensor], tmp_path: Path) -> None:
    old = {key: value for key, value in state.items() if "num_batches_tracked" not in key}
    assert len(old) < len(state)
    torch.save(old, tmp_path / "old.pth")
    assert_same(load_state_dict(tmp_path / "old.pth", fresh("u2net")), old)


def test_missing_right_singular_vectors_are_made(tmp_path: Path) -> None:
    state = small.small("viton_alias").state_dict()
    old = {key: value for key, value in state.items() if not key.endswith("weight_v")}
    torch.save(old, tmp_path / "old.pth")
    loaded = load_state_dict(tmp_path / "old.pth", fresh("viton_alias")).state_dict()
    v = loaded["up_0.conv_s.weight_v"]
    wanted = state["up_0.conv_s.weight_orig"].flatten(1).T @ state["up_0.conv_s.weight_u"]
    assert torch.allclose(v, wanted / wanted.norm(), atol=1e-6)


def test_a_name_finds_its_published_file(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state, tmp_path / FILE_NAMES["u2net"])
    assert_same(load_state_dict("u2net", fresh("u2net"), folder=tmp_path), state)
    with pytest.raises(WeightsError, match=r"u2netp.pth cannot be read.*No such file"):
        load_state_dict("u2netp", fresh("u2net"), folder=tmp_path)


def refused(path: Path, match: str, name: str = "u2net") -> None:
    """Loading fails in one short message and leaves the network alone."""
    network = fresh(name)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(WeightsError, match=match) as failure:
        load_state_dict(path, network)
    assert "\n" not in str(failure.value)
    assert len(str(failure.value)) < 600
    assert_same(network, before)


def test_keys_that_do_not_fit_are_named(state: dict[str, Tensor], tmp_path: Path) -> None:
    key = "stage2.rebnconv3.conv_s1.weight"
    changed = dict(state)
    del changed[key]
    torch.save(changed, tmp_path / "missing.pth")
    refused(tmp_path / "missing.pth", rf"missing: {key} \(4, 4, 3, 3\)")
    torch.save(state | {"extra.weight": torch.zeros(2)}, tmp_path / "extra.pth")
    refused(tmp_path / "extra.pth", r"not expected: extra.weight \(2,\)")
    torch.save(state | {key: torch.zeros(4, 5, 3, 3)}, tmp_path / "shape.pth")
    refused(tmp_path / "shape.pth", rf"{key} \(4, 5, 3, 3\) instead of \(4, 4, 3, 3\)")
    torch.save(state | {key: torch.zeros(4, 4, 3, 3).long()}, tmp_path / "type.pth")
    refused(tmp_path / "type.pth", "of another shape or type")


def test_long_lists_of_keys_are_cut(tmp_path: Path) -> None:
    torch.save(small.small("schp").state_dict(), tmp_path / "schp.pth")
    refused(tmp_path / "schp.pth", r"missing: .* and \d+ more; not expected: .* and \d+ more")


def test_a_checkpoint_of_another_network_is_recognised(tmp_path: Path) -> None:
    torch.save(build_network("u2netp").state_dict(), tmp_path / "u2net.pth")
    refused(tmp_path / "u2net.pth", "looks like a checkpoint of u2netp.", name="schp")
    lip = build_network("schp_lip").state_dict()
    assert identify(lip) == ("schp_lip", "schp_cihp")
    assert identify({"a": torch.zeros(1)}) == ()


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kept", [1, 20, 600, 0.5, 0.99])
def test_truncated_files_are_refused(
    state: dict[str, Tensor], tmp_path: Path, legacy: bool, kept: float
) -> None:
    file = tmp_path / "cut.pth"
    torch.save(state, file, _use_new_zipfile_serialization=not legacy)
    size = file.stat().st_size
    os.truncate(file, int(kept) if kept >= 1 else int(kept * size))
    refused(file, "cut.pth (is damaged|holds more than numbers)")


def test_empty_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pth").touch()
    refused(tmp_path / "empty.pth", "is empty")
    refused(tmp_path / "absent.pth", "cannot be read .No such file")
    refused(tmp_path, "cannot be read")


def test_a_changed_byte_is_noticed(state: dict[str, Tensor], tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    torch.save(state, file)
    published = file_sha256(file)
    load_state_dict(file, fresh("u2net"), sha256=published.upper())
    with zipfile.ZipFile(file) as archive:
        tensors = [member for member in archive.infolist() if "/data/" in member.filename]
        largest = max(tensors, key=lambda member: member.file_size)
    content = bytearray(file.read_bytes())
    content[largest.header_offset + 200 + largest.file_size // 2] ^= 0x01
    file.write_bytes(content)
    refused(file, "is damaged .in .*data/")
    with pytest.raises(WeightsError, match="is not the file that was published"):
        read_state_dict(file, published)
    assert hashlib.sha256(content).hexdigest() == file_sha256(file)


@pytest.mark.parametrize("legacy", [False, True])
def test_random_damage_is_answered_and_never_changes_a_checked_tensor(
    tmp_path: Path, legacy: bool
) -> None:
    file, rng = tmp_path / "w.pth", np.random.default_rng(0)
    tensors = {"a.weight": torch.randn(3, 2), "a.bias": torch.randn(3)}
    torch.save({"state_dict": tensors}, file, _use_new_zipfile_serialization=not legacy)
    whole = file.read_bytes()
    refusals = 0
    for _ in range(150):
        content = bytearray(whole)
        content[rng.integers(len(content))] = rng.integers(256)
        if rng.random() < 0.3:
            start = rng.integers(len(content))
            del content[start : start + 8]
        file.write_bytes(content)
        try:
            state = read_state_dict(file)
        except WeightsError:
            refusals += 1
        else:  # a byte of padding, or of a legacy file, which has no checksums
            assert legacy or all(torch.equal(state[key], tensors[key]) for key in tensors)
    assert refusals > 20


@pytest.mark.parametrize("legacy", [False, True])
def test_code_is_never_run(state: dict[str, Tensor], tmp_path: Path, legacy: bool) -> None:
    trace = tmp_path / "ran"

    class Malicious:
        def __reduce__(self):
            return os.system, (f"touch {trace}",)

    file = tmp_path / "evil.pth"
    for content in (state | {"outconv.bias": Malicious()}, Malicious()):
        torch.save(content, file, _use_new_zipfile_serialization=not legacy)
        refused(file, "holds more than numbers.*can run programs")
        assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        {},
        [torch.zeros(2)],
        {"a": 1},
        {1: torch.zeros(2)},
        {"state_dict": {"a": "text"}},
        {"a": torch.zeros(2).to_sparse()},
        {"a": torch.zeros(2, dtype=torch.complex64)},
    ],
)
def test_what_is_no_state_dict_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "odd.pth")
    refused(tmp_path / "odd.pth", "is no state dict")


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "page.pth").write_text("<!DOCTYPE html><html>Quota exceeded</html>")
    refused(tmp_path / "page.pth", "page.pth (is damaged|holds more)")
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    refused(tmp_path / "arrays.npz", "damaged, cut off, or no checkpoint")
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"0" * 1000)
    refused(tmp_path / "bomb.pth", "is a compressed archive")


def test_values_that_are_not_finite_are_refused(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state | {"outconv.bias": torch.tensor([float("nan")])}, tmp_path / "nan.pth")
    refused(tmp_path / "nan.pth", "outconv.bias has values that are not finite")


def test_half_precision_files_load_in_single(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(
        {key: value.half() if value.is_floating_point() else value for key, value in state.items()},
        tmp_path / "half.pth",
    )
    network = load_state_dict(tmp_path / "half.pth", fresh("u2net"))
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())
