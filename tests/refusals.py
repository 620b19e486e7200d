"""The statuses by which the service definitely says no, and the error of each."""

from stackverify.errors import (
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    RedirectedError,
    RefusedError,
    UnauthorizedError,
    UnprocessableError,
)

__all__ = ["DEFINITE"]

DEFINITE: dict[int, type[RefusedError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: RefusedError,
    413: RefusedError,
    414: RefusedError,
    415: RefusedError,
    422: UnprocessableError,
    431: RefusedError,
    307: RedirectedError,
    308: RedirectedError,
}
