"""Webhooks for Django: a decorator for views, synchronous or not.

```python
from django.http import HttpRequest
from django.urls import path

from stackverify.webhooks import Receiver, WebhookEvent
from stackverify.webhooks.django import webhook


@webhook(Receiver())
def stackverify(request: HttpRequest, event: WebhookEvent) -> None: ...


urlpatterns = [path("webhooks/stackverify", stackverify)]
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeAlias, TypeVar, overload

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.request import RawPostDataException
from django.http.response import HttpResponseBase

from stackverify._async.receiver import AsyncReceiver
from stackverify._services.stackverify.webhooks import SIGNATURE_HEADER
from stackverify._sync.receiver import Receiver
from stackverify.errors import ConfigurationError, WebhookError
from stackverify.webhooks._flavour import check_flavour

__all__ = ["webhook"]

_V = TypeVar("_V", bound=Callable[..., Any])
_View: TypeAlias = Callable[..., HttpResponseBase | None]
_AsyncView: TypeAlias = Callable[..., Awaitable[HttpResponseBase | None]]
_Asynchronous: TypeAlias = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


@overload
def webhook(
    receiver: Receiver,
) -> Callable[[_View], Callable[..., HttpResponseBase]]: ...
@overload
def webhook(
    receiver: AsyncReceiver,
) -> Callable[[_AsyncView], _Asynchronous]: ...
def webhook(receiver: Receiver | AsyncReceiver) -> Callable[..., Any]:
    """Make a view of a function that takes a request, an event, and what is captured.

    A `Receiver` makes a synchronous view, an `AsyncReceiver` an asynchronous one.
    The function is only called for what it is to handle. It is to raise an error, or
    return a response of 400 or more, if it could not: then the service is told to
    try again. It may return `None`: that is a 200. The view is exempt from the CSRF
    check, which is for browsers.

    Raises:
        ConfigurationError: The receiver is no receiver.
    """
    if isinstance(receiver, AsyncReceiver):
        return _asynchronous(receiver)
    check_flavour(receiver, Receiver, "Django")
    return _synchronous(receiver)


def _synchronous(
    receiver: Receiver,
) -> Callable[[_View], Callable[..., HttpResponseBase]]:
    def decorate(function: _View) -> Callable[..., HttpResponseBase]:
        if iscoroutinefunction(function):
            raise ConfigurationError(
                "An asynchronous view takes AsyncReceiver, and was given Receiver."
            )

        def view(request: HttpRequest, **captured: Any) -> HttpResponseBase:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            try:
                reception = receiver.receive(**_received(receiver, request))
            except WebhookError as error:
                return _refusal(error)
            with reception:
                if not reception.is_due:
                    return HttpResponse()
                response = function(request, reception.event, **captured)
                if response is not None and response.status_code >= 400:
                    reception.release()
                return HttpResponse() if response is None else response

        return _exempt(function, view)

    return decorate


def _asynchronous(
    receiver: AsyncReceiver,
) -> Callable[[_AsyncView], _Asynchronous]:
    def decorate(function: _AsyncView) -> _Asynchronous:
        async def view(request: HttpRequest, **captured: Any) -> HttpResponseBase:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            try:
                reception = await receiver.receive(**_received(receiver, request))
            except WebhookError as error:
                return _refusal(error)
            async with reception:
                if not reception.is_due:
                    return HttpResponse()
                answer: Any = function(request, reception.event, **captured)
                response = await answer if isawaitable(answer) else answer
                if response is not None and response.status_code >= 400:
                    await reception.release()
                return HttpResponse() if response is None else response

        return _exempt(function, view)

    return decorate


def _exempt(function: Callable[..., Any], view: _V) -> _V:
    wrapped: Any = wraps(function)(view)
    wrapped.csrf_exempt = True  # as the decorator of that name does, in every Django
    exempt: _V = wrapped
    return exempt


def _received(
    receiver: Receiver | AsyncReceiver, request: HttpRequest
) -> dict[str, Any]:
    length = request.headers.get("Content-Length")
    body: bytes | None = b""
    if receiver.is_worth_reading(length):
        # A body that was read before is told of by its length, which is missing then.
        try:
            body = request.body
        except RawPostDataException:
            body = None
    return {
        "body": body,
        "signature": request.headers.get(SIGNATURE_HEADER),
        "content_length": None if "Content-Encoding" in request.headers else length,
    }


def _refusal(error: WebhookError) -> HttpResponse:
    return HttpResponse(status=error.answer, headers=dict(error.answer_headers))
