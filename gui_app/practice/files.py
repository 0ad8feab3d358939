"""OpenAI's files: uploaded and downloaded in pieces, so that a 200 MB file costs no memory."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from gui_app.practice.asked import Refused, Trouble
from gui_app.practice.batches import Batches
from gui_app.practice.openai_wire import new_id
from gui_app.practice.replies import broken, json_reply
from gui_app.practice.state import State

LARGEST_UPLOAD = 200_000_000
"""Bytes of a batch's input file, OpenAI's own limit."""

_PIECE = 1 << 18
_KEPT_S = 30 * 86_400
_ID = re.compile(r"file-[0-9a-f]{24}")


class Files:
    """The files endpoints.

    Args:
        folder: Where their bytes lie, by id.
    """

    def __init__(self, folder: Path, state: State, batches: Batches) -> None:
        self._folder = folder
        self._state = state
        self._batches = batches
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def tidy(self) -> None:
        """Remove what is older than a month, and what a crash left half-written."""
        oldest = time.time() - _KEPT_S
        for document in self._state.files():
            if document["created_at"] < oldest:
                self._remove(document["id"])
        known = {document["id"] for document in self._state.files()}
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)

    def _remove(self, file_id: str) -> None:
        self._state.remove_file(file_id)
        self.path(file_id).unlink(missing_ok=True)

    def path(self, file_id: str) -> Path:
        """Where a file's bytes lie."""
        if not _ID.fullmatch(file_id):
            raise Refused(Trouble.NOT_FOUND, f"No such File object: {file_id[:80]}", param="id")
        return self._folder / file_id

    def document(self, file_id: str) -> dict[str, Any]:
        """A file object.

        Raises:
            Refused: There is none.
        """
        document = self._state.file(file_id)
        if document is None:
            raise Refused(Trouble.NOT_FOUND, f"No such File object: {file_id[:80]}", param="id")
        return document

    def publish(self, file_id: str, filename: str) -> bool:
        """Make a finished file of results known. False, and the file is gone, when nothing is in it."""
        path = self.path(file_id)
        size = path.stat().st_size
        if not size:
            path.unlink()
            return False
        self._state.save_file(_document(file_id, filename, "batch_output", size))
        return True

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any request below /v1/files."""
        file_id, _, rest = request.path.removeprefix("/v1/files").strip("/").partition("/")
        if request.method == "POST" and not file_id:
            return await self._upload(request)
        if request.method == "GET" and not file_id:
            wanted = request.query.get("purpose", "")
            data = [document for document in self._state.files() if not wanted or document["purpose"] == wanted]
            return json_reply({"object": "list", "data": data, "has_more": False})
        if request.method == "GET" and rest == "content":
            self.document(file_id)
            return await download(request, self.path(file_id), cut=self._batches.strikes("cut_downloads"))
        if request.method == "GET" and not rest:
            return json_reply(self.document(file_id))
        if request.method == "DELETE" and not rest:
            self.document(file_id)
            self._remove(file_id)
            return json_reply({"id": file_id, "object": "file", "deleted": True})
        raise Refused(Trouble.NOT_FOUND, f"Unknown request URL: {request.method} {request.path[:200]}.")

    async def _upload(self, request: web.BaseRequest) -> web.StreamResponse:
        if not request.content_type.startswith("multipart/"):
            raise Refused(Trouble.BAD, "A file is uploaded as multipart/form-data.", param="file")
        file_id = new_id("file-")
        path = self.path(file_id)
        filename, purpose = "", ""
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader):
                    continue
                if part.name == "purpose":
                    purpose = (await part.text()).strip()
                elif part.name == "file":
                    filename = part.filename or "upload.jsonl"
                    await _save(part, path)
                else:
                    await part.release()
            if not filename:
                raise Refused(Trouble.BAD, "Missing required parameter: 'file'.", param="file")
            if purpose not in ("batch", "user_data", "assistants", "fine-tune", "vision", "evals"):
                raise Refused(Trouble.BAD, "Invalid or missing 'purpose'.", param="purpose")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        document = _document(file_id, filename, purpose, path.stat().st_size)
        self._state.save_file(document)
        if self._batches.strikes("lost_uploads"):
            return broken(request)
        return json_reply(document)


async def _save(part: BodyPartReader, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        while piece := await part.read_chunk(_PIECE):
            size += len(piece)
            if size > LARGEST_UPLOAD:
                raise Refused(Trouble.TOO_LARGE, "The file is larger than 200 MB.", param="file")
            file.write(piece)


async def download(request: web.BaseRequest, path: Path, *, cut: bool = False) -> web.StreamResponse:
    """Send a file in pieces; `cut`: break the connection half-way."""
    size = _size(path)
    if not cut:
        return web.FileResponse(path, chunk_size=_PIECE, headers={"content-type": "application/octet-stream"})
    response = web.StreamResponse(headers={"content-type": "application/octet-stream", "content-length": str(size)})
    await response.prepare(request)
    with path.open("rb") as file:
        await response.write(file.read(size // 2))
    broken(request)
    return response


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise Refused(Trouble.NOT_FOUND, "The contents of this file are gone.", param="id") from None


def _document(file_id: str, filename: str, purpose: str, size: int) -> dict[str, Any]:
    return {
        "id": file_id,
        "object": "file",
        "bytes": size,
        "created_at": int(time.time()),
        "filename": filename,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
        "expires_at": None,
    }
