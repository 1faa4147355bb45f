"""The direct way: the one request that must be fast, without the framework's routing around it.

Here: a layer that hands such a request to its route's own function. The route stands in the application as well, and
answers the same there: it is what OpenAPI documents. Keep out: what is answered (`predict`).
"""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from credit_risk.errors import CreditError
from serving.problems import problem_response

Answer = Callable[[Request], Awaitable[Response]]


class Direct:
    """Wraps an application: requests for one route go to its function; all others pass through.

    Finding a route, and what the framework prepares for routes in general, takes as long as scoring does.

    Args:
        app: what is wrapped.
        route: without parameters in its path.
        answer: what the route does; its errors become problems, as they do behind the application's routing.
    """

    def __init__(self, app: ASGIApp, route: APIRoute, answer: Answer) -> None:
        self._app = app
        self._route = route
        self._path = route.path
        self._methods = frozenset(route.methods or ())
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; lifespan events pass through."""
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] not in self._methods:
            await self._app(scope, receive, send)
            return
        # As routing would: the log and the metrics name requests by their route.
        scope["route"] = self._route
        try:
            response = await self._answer(Request(scope, receive))
        except CreditError as error:
            response = problem_response(error, scope["state"]["request_id"])
        await response(scope, receive, send)
