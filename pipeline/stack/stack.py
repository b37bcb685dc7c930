"""The neural stack: a person and a garment in, the dressed person out, several at a time.

    order = stack.prepare(frame, pose, garment)     any thread: draws what the networks are told
    keyframes = stack.make([order, …])              one batch at a time: runs the networks

Everything that a garment needs is computed once and kept. The same orders with the same seeds
give the same keyframes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline import masks
from pipeline.checkpoints.manifest import FOLDER, MANIFEST
from pipeline.errors import InputError
from pipeline.networks.folding import fold
from pipeline.openpose import to_body25
from pipeline.stack import garment_side as side
from pipeline.stack.crop import FULL_HW, HALF_HW, PersonCrop, Taps, find_crop
from pipeline.stack.drawings import draw_paint, draw_pose
from pipeline.stack.flow import Tensors
from pipeline.stack.keyframe import (
    Keyframe,
    KeyframeFailed,
    Order,
    StillWanted,
    always,
)
from pipeline.stack.networks import (
    Precision,
    StackNetworks,
    build_flow,
    check_precision,
    choose_device,
    load_networks,
)
from pipeline.stack.runner import Runner, make_runner, new_stream
from pipeline.structures import Alpha, Frame, Garment, Image, Pose
from pipeline.viton import NETWORK_HW, noise_plane

SIZES_HW = (FULL_HW, HALF_HW)
BATCHES = (1, 2, 4, 8)  # recorded on a GPU; a batch in between is filled up
GARMENTS_KEPT = 32  # 4 MB each


class Stack:
    """Networks on a device, ready to make keyframes. Safe to use from any thread.

    Args:
        networks: loaded, in single precision on the processor.
        device: ``cpu`` or ``cuda``.
        precision: of the large networks; None = fp32 on the processor, fp16 on a GPU.
        size_hw: (1024, 768), or (512, 384) for a quarter of the work.
        fast: False runs the published graphs op by op, to compare with.
        repeatable: the same pixels in every run of the program; on a GPU this gives up the
            library's choice of the fastest kernels.

    Raises:
        InputError: no such device here, or a size or precision that cannot be.

    Attributes:
        device, precision, size_hw, fast: as given, or as chosen.
        flow: the data path with its networks.
        stream: everything runs on it; None on a processor.

    At (512, 384) the synthesis works at a scale it was not trained at: prints and fine folds come
    out coarser, and thin straps may vanish.
    """

    def __init__(
        self,
        networks: StackNetworks,
        *,
        device: str = "cpu",
        precision: Precision | None = None,
        size_hw: tuple[int, int] = FULL_HW,
        fast: bool = True,
        repeatable: bool = False,
    ) -> None:
        if size_hw not in SIZES_HW:
            raise InputError(f"A keyframe is {' or '.join(map(_size, SIZES_HW))}.")
        self.device = choose_device(device)
        usual = Precision.FP16 if self.device.type == "cuda" else Precision.FP32
        self.precision = precision or usual
        check_precision(self.precision, self.device)
        self.size_hw = size_hw
        self.flow = build_flow(networks, size_hw, self.device, self.precision, fast)
        self.fast, self._repeatable = fast, repeatable
        masker = networks.masker
        self._masker = None if masker is None else fold(masker).to(self.device)
        self._garments: OrderedDict[str, side.GarmentSide] = OrderedDict()
        self._runners: dict[int, Runner] = {}
        self._lock = threading.Lock()  # of the device: one batch at a time
        cuda = self.device.type == "cuda"
        self.stream = new_stream(self.device) if cuda else None
        self._pool = None
        if self.stream is not None:
            self._pool = torch.cuda.graph_pool_handle()  # one for all sizes: they take turns
            self.stream.wait_stream(torch.cuda.current_stream(self.device))  # for the weights

    @classmethod
    def load(
        cls,
        device: str = "cpu",
        *,
        precision: Precision | None = None,
        size_hw: tuple[int, int] = FULL_HW,
        repeatable: bool = False,
        folder: Path = FOLDER,
        manifest: Path = MANIFEST,
        commercial: bool = False,
    ) -> Self:
        """Make a stack of the published networks.

        Raises:
            InputError: as the class.
            WeightsError: weights are missing, damaged or not allowed.
        """
        choose_device(device)  # before gigabytes are read
        networks = load_networks(folder, manifest, commercial)
        return cls(
            networks, device=device, precision=precision, size_hw=size_hw, repeatable=repeatable
        )

    def garment(self, garment: Garment) -> side.GarmentSide:
        """What the networks need of a garment, computed when it is first worn."""
        with self._lock:
            known = self._garments.get(garment.id)
            if known is not None and known.garment is garment:
                self._garments.move_to_end(garment.id)
                return known
        masker = None if self._masker is None else self._mask
        picture = side.lay_out(garment, self.size_hw, masker)  # others need not wait for it
        with self._lock, torch.inference_mode(), self.on_device():
            planes = self._upload(side.picture_planes(picture))
            made = side.GarmentSide(garment, planes, *self._garment_inputs(planes))
            self._garments[garment.id] = made
            while len(self._garments) > GARMENTS_KEPT:
                self._garments.popitem(last=False)
            return made

    def prepare(self, frame: Frame, pose: Pose, garment: Garment, seed: int = 0) -> Order:
        """Draw and measure everything that needs no network.

        Args:
            frame: the camera's picture.
            pose: of the person in it.
            garment: what to wear.
            seed: of the segmentation's noise.

        Raises:
            PoseIncomplete: a shoulder is missing; the message names it.
        """
        crop = find_crop(pose, self.size_hw)
        joints = to_body25(pose)
        seen = joints[:, 2] > 0
        joints[seen, :2] = crop.to_crop(joints[seen, :2])
        paint = draw_paint(joints, self.size_hw)
        skeleton = draw_pose(joints, self.size_hw)
        return Order(frame, pose, crop, skeleton, paint, self.garment(garment), seed)

    def make(
        self,
        orders: Sequence[Order],
        wanted: StillWanted = always,
        deadline_s: float | None = None,
    ) -> list[Keyframe]:
        """Run the networks on a batch.

        Args:
            orders: of this stack; any number, they are run in batches of at most 8.
            wanted: asked before every network.
            deadline_s: on ``time.monotonic``; past it the work ends.

        Returns:
            One keyframe per order.

        Raises:
            KeyframeCancelled: not wanted any more, or too late.
            KeyframeFailed: the numbers overflowed.
        """

        def on_time() -> bool:
            return wanted() and (deadline_s is None or time.monotonic() < deadline_s)

        most = BATCHES[-1] if self.stream is not None else 1  # more only cost memory on a CPU
        made: list[Keyframe] = []
        for first in range(0, len(orders), most):
            batch = orders[first : first + most]
            with self._lock, torch.inference_mode(), self.on_device():
                made += self._make_batch(batch, on_time)
        return made

    def keyframe(self, frame: Frame, pose: Pose, garment: Garment, seed: int = 0) -> Keyframe:
        """One keyframe, from start to end; see ``prepare`` and ``make``."""
        return self.make([self.prepare(frame, pose, garment, seed)])[0]

    def warm_up(self, batches: Sequence[int] = (1,)) -> None:
        """Run once for each batch size, so that nobody waits for kernels to be chosen."""
        with self._lock, torch.inference_mode(), self.on_device():
            for size in batches:
                self._runner(self._blank_inputs(size))

    def _make_batch(self, orders: Sequence[Order], wanted: StillWanted) -> list[Keyframe]:
        size = len(orders)
        if self.stream is not None:
            size = next(batch for batch in BATCHES if batch >= len(orders))
        filled = [*orders, *[orders[-1]] * (size - len(orders))]
        inputs = self._inputs(filled)
        runner = self._runner(inputs)
        made = runner(inputs, wanted)
        result = self._fetch(made)
        if not result["whole"].all():
            result = self._fetch(self.flow.repaired(made))
        stage_ms = runner.stage_ms()
        if not result["sound"][: len(orders)].all():
            raise KeyframeFailed(
                f"The networks' numbers overflowed in {self.precision.value}. Use bf16 or fp32."
            )
        return [
            Keyframe(
                image=result["image"][k],
                alpha=result["alpha"][k],
                groups=result["regions"][k],
                crop=order.crop,
                pose=order.pose,
                garment_id=order.garment.garment.id,
                time_s=order.frame.time_s,
                seed=order.seed,
                stage_ms=stage_ms,
            )
            for k, order in enumerate(orders)
        ]

    def _runner(self, inputs: Tensors) -> Runner:
        size = len(inputs["picture"])
        if size not in self._runners:
            recordable = self.fast and self.flow.parser.recordable
            self._runners[size] = make_runner(
                self.flow.stages, inputs, self.stream, recordable, self._pool
            )
        return self._runners[size]

    def _inputs(self, orders: Sequence[Order]) -> Tensors:
        garments = [order.garment for order in orders]
        noise = torch.stack([noise_plane(order.seed)[0] for order in orders])
        return {
            "picture": torch.stack([self._cut(order.frame.image, order.crop) for order in orders]),
            "skeleton": self._upload(np.stack([order.skeleton for order in orders])),
            "paint": self._upload(np.stack([order.paint for order in orders])),
            "noise": self._upload(noise.to(torch.uint8).numpy()),
            "garment": torch.stack([garment.planes for garment in garments]),
            "small": torch.stack([garment.small for garment in garments]),
            "features": torch.stack([garment.features for garment in garments]),
        }

    def _blank_inputs(self, size: int) -> Tensors:
        hw = self.size_hw
        blank = torch.zeros(4, *hw, dtype=torch.uint8, device=self.device)
        small, features = self._garment_inputs(blank)
        return {
            "picture": blank[:3].expand(size, -1, -1, -1).clone(),
            "skeleton": blank[0, ..., None].expand(size, -1, -1, 3).clone(),
            "paint": blank[0].expand(size, -1, -1).clone(),
            "noise": blank[0, : NETWORK_HW[0], : NETWORK_HW[1]].expand(size, 1, -1, -1).clone(),
            "garment": blank.expand(size, -1, -1, -1).clone(),
            "small": small.expand(size, -1, -1, -1).clone(),
            "features": features.expand(size, -1, -1, -1).clone(),
        }

    def _garment_inputs(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """``small`` and ``features`` of a ``GarmentSide``."""
        picture = side.matching_picture(planes[None]).contiguous()
        small = side.small_planes(planes[None])[0].to(self.flow.dtype)
        return small, self.flow.match.garment_features(picture)[0]

    def _mask(self, image: Image) -> Alpha:
        """A garment's mask by U2-Net, in single precision: it runs once per garment."""
        assert self._masker is not None
        seen = masks.prepare_salient(image)
        with self._lock, torch.inference_mode(), self.on_device():
            prediction = self._masker(seen.to(self.device))[0].cpu()
        return masks.salient_alpha(prediction, (image.shape[1], image.shape[0]))

    def _cut(self, image: Image, crop: PersonCrop) -> Tensor:
        """The crop of a frame, (3, H, W) uint8, resampled where the networks are."""
        part = self._upload(np.ascontiguousarray(image[crop.box.slices]))
        rows, columns = crop.taps()
        planes = part.permute(2, 0, 1).float()
        planes = self._sample(self._sample(planes, rows, 1), columns, 2)
        return planes.round().to(torch.uint8)

    def _sample(self, planes: Tensor, taps: Taps, axis: int) -> Tensor:
        index, weight = self._upload(taps.index), self._upload(taps.weight)
        shape = [-1 if dim == axis else 1 for dim in range(planes.ndim)]
        mixed = planes.index_select(axis, index[:, 0]) * weight[:, 0].view(shape)
        for k in range(1, index.shape[1]):
            mixed += planes.index_select(axis, index[:, k]) * weight[:, k].view(shape)
        return mixed

    def _upload(self, array: NDArray[Any]) -> Tensor:
        """To the device, without waiting: through pinned memory on a GPU."""
        tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
        if self.stream is None:
            return tensor
        return tensor.pin_memory().to(self.device, non_blocking=True)

    def _fetch(self, made: Tensors) -> dict[str, NDArray[Any]]:
        """The result on the processor; the only place that waits for the device."""
        wanted = ("image", "alpha", "regions", "sound", "whole")
        if self.stream is None:
            return {name: made[name].numpy() for name in wanted}
        arrived = {
            name: torch.empty_like(made[name], device="cpu", pin_memory=True).copy_(
                made[name], non_blocking=True
            )
            for name in wanted
        }
        self.stream.synchronize()
        # a keyframe may be worn for long: it must not hold pinned memory
        return {name: value.numpy().copy() for name, value in arrived.items()}

    def on_device(self) -> AbstractContextManager[object]:
        """Everything inside goes to the stack's own stream, beside other users of the GPU.

        What is left in single precision is so in earnest: no rounding to TF32.
        """
        if self.stream is None:
            return nullcontext()
        context = ExitStack()
        context.enter_context(torch.cuda.stream(self.stream))
        context.enter_context(
            torch.backends.cudnn.flags(
                enabled=True,
                benchmark=not self._repeatable,
                deterministic=self._repeatable,
                allow_tf32=False,
            )
        )
        return context


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[0]}×{size_hw[1]}"
