"""Where an application keeps what its handlers need."""

from __future__ import annotations

from aiohttp import web

from stream_server.config import ServerConfig
from stream_server.house import House
from stream_server.lobby import Lobby
from stream_server.metrics import Metrics
from stream_server.visitors import RateLimit

CONFIG: web.AppKey[ServerConfig] = web.AppKey("config", ServerConfig)
HOUSE: web.AppKey[House] = web.AppKey("house", House)
LOBBY: web.AppKey[Lobby] = web.AppKey("lobby", Lobby)
RATE: web.AppKey[RateLimit] = web.AppKey("rate", RateLimit)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
