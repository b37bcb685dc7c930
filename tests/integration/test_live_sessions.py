"""Two aiortc peers in one process: a shopper and the server, with a stand-in pipeline."""

from __future__ import annotations

from conftest import Serve
from doubles import Shopper


async def test_a_shopper_sees_the_garment_of_the_offer(serve: Serve) -> None:
    async with Shopper(await serve()) as shopper:
        await shopper.connect(garment="green")
        frames = await shopper.see(10, worn="green")
        assert [frame.pts for frame in frames] == sorted({frame.pts for frame in frames})
        assert [frame.number for frame in frames] == sorted({frame.number for frame in frames})
