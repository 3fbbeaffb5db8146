"""Errors as problem+json: one sentence, the right status, the request's id, and nothing of the machine."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from spacegov.errors import BadInput, SpacegovError, UnknownName
from spacegov.service.sharing import Withheld

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

PROBLEM = "application/problem+json"
FAULT = "the service failed at this request; the log says why under its id"


class Problem(Exception):
    """An answer that is none.

    Parameters
    ----------
    status : int
        HTTP status.
    detail : str
        One sentence: what was given, what is needed, how to mend it.
    """

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def problem_response(status: int, detail: str, request_id: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Give the answer for an error."""
    phrase = HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": phrase, "status": status, "detail": detail, "request": request_id}
    return JSONResponse(content, status, headers, media_type=PROBLEM)


def status_of(error: SpacegovError) -> int:
    """Give the HTTP status of an error of ours."""
    if isinstance(error, Withheld):
        return 403
    if isinstance(error, UnknownName):
        return 404
    return 400 if isinstance(error, BadInput) else 500


def request_id(request: Request) -> str:
    """Give the id under which the request stands in the log."""
    return str(request.scope.get("spacegov.request", ""))


def install(app: FastAPI) -> None:
    """Tell the application how errors are answered."""

    async def told(request: Request, error: Any) -> JSONResponse:
        return problem_response(error.status, error.detail, request_id(request), error.headers)

    async def refused(request: Request, error: Any) -> JSONResponse:
        status = status_of(error)
        detail = request.app.state.service.scrubbed(str(error)) if status < 500 else FAULT
        if status >= 500:
            request.app.state.service.log.error("fault", request=request_id(request), error=repr(error))
        return problem_response(status, detail, request_id(request))

    async def malformed(request: Request, error: Any) -> JSONResponse:
        return problem_response(400, _validation(error), request_id(request))

    async def plain(request: Request, error: Any) -> JSONResponse:
        sentence = {
            404: f"there is nothing at {request.url.path!r}; the landing page / lists what there is",
            405: f"{request.method} is not answered at {request.url.path!r}; see /api for what is",
        }.get(error.status_code, str(error.detail))
        return problem_response(error.status_code, sentence, request_id(request), dict(error.headers or {}))

    async def fault(request: Request, error: Any) -> JSONResponse:
        request.app.state.service.log.error("fault", request=request_id(request), error=repr(error), exc_info=error)
        return problem_response(500, FAULT, request_id(request))

    app.add_exception_handler(Problem, told)
    app.add_exception_handler(SpacegovError, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, fault)


def _validation(error: RequestValidationError) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in {"query", "path", "body", "header"}]
    needed = str(first["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    given = repr(first.get("input"))
    given = given if len(given) <= 80 else f"{given[:79]}…"
    return f"{'.'.join(place) or 'request'}: {given} was given, needed is {needed}"
