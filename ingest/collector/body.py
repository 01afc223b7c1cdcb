"""Reading a request's body: bounded in bytes, in time and in what it unpacks to."""

import asyncio
import zlib
from typing import Any

import orjson
from starlette.requests import Request

from ingest.collector.limits import Room
from ingest.collector.problems import Problem

SECONDS = 15
GZIP = 16 + zlib.MAX_WBITS


async def read_json(request: Request, limit: int, room: Room) -> Any:
    """The parsed body, `limit` bytes at most. Raises `Problem` 400, 408, 413, 415 or 503."""
    body = await read_body(request, limit, room)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, _why(body, error)) from None


async def read_body(request: Request, limit: int, room: Room) -> bytes:
    """The body as it was before anybody compressed it. Raises like `read_json`."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, "send application/json")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Problem(415, "send the body as it is or compressed with gzip")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(SECONDS):
            body = await _read(request, limit, room)
    except TimeoutError:
        raise Problem(408, f"the body did not arrive within {SECONDS} seconds") from None
    if encoding == "gzip":
        body = _unpack(body, limit)
        room.grow(len(body))
    return body


async def _read(request: Request, limit: int, room: Room) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        room.grow(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


def _unpack(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=GZIP)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise Problem(400, "the body is not gzip") from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise Problem(400, "the body is not one whole gzip stream")
    return plain


def _too_large(limit: int) -> Problem:
    return Problem(413, f"a body may have {limit} bytes")


def _why(body: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as utf8:
        return f"byte {utf8.start} is not UTF-8"
    return f"line {error.lineno}, column {error.colno} is not JSON"
