"""The pages and their modules: ``/``, ``/kiosk``, ``/embed.js`` and everything under ``/web``."""

from __future__ import annotations

from aiohttp import web

from stream_server.errors import ApiError
from stream_server.keys import CONFIG

routes = web.RouteTableDef()

PAGES = {"/": "index.html", "/kiosk": "kiosk.html", "/embed.js": "embed.js"}
# a module of another site; where that may not frame the mirror, the script is what says so
FOR_EVERYBODY = {"/embed.js": {"Access-Control-Allow-Origin": "*"}}
REVALIDATE = "no-cache"  # keep a copy, ask whether it changed: an update shows at once


async def page(request: web.Request) -> web.FileResponse:
    """Send one of the pages."""
    file = request.app[CONFIG].web / PAGES[request.path]
    if not file.is_file():
        raise ApiError(404, "no_page", "This page is not part of this installation.")
    headers = {"Cache-Control": REVALIDATE, **FOR_EVERYBODY.get(request.path, {})}
    return web.FileResponse(file, headers=headers)


for _path in PAGES:
    routes.get(_path)(page)


async def revalidate_static(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: files under /web are kept by browsers but checked on every use."""
    if request.path.startswith("/web/"):
        response.headers.setdefault("Cache-Control", REVALIDATE)


def add_static(app: web.Application) -> None:
    """Serve the folder of the pages under ``/web``, without listings and without links out."""
    folder = app[CONFIG].web
    if folder.is_dir():
        app.router.add_static("/web", folder, follow_symlinks=False, show_index=False)
        app.on_response_prepare.append(revalidate_static)
