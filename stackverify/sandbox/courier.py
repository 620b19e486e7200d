"""Posts the webhooks of a pretend service, one after the other, from a thread."""

import threading

import httpx

from stackverify.sandbox.reports import Attempt, Webhook, is_on_this_machine
from stackverify.sandbox.service import Service

__all__ = ["Courier"]

# How often it looks at the time, which a test may move.
_LOOKS_EVERY = 0.02
_PATIENCE = 10.0
_STOP_WITHIN = 1.0
_KEPT_OF_ANSWER = 4096


class Courier:
    """Posts what is due while it runs.

    Args:
        service: Whose webhooks they are.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        # Made for the first webhook: most sandboxes never post one.
        self._client: httpx.Client | None = None
        self._is_over = threading.Event()
        self._rounds = 0
        self._round_over = threading.Condition()
        self._thread = threading.Thread(
            target=self._run, name="stackverify-sandbox-courier", daemon=True
        )

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self) -> None:
        """End; who does not answer the webhook under way is not waited for."""
        self._is_over.set()
        self._thread.join(_STOP_WITHIN)

    def wait(self, timeout: float) -> bool:
        """Wait until all that is due by now was posted; tell whether it was."""
        with self._round_over:
            # The round under way may have looked at the time before it was moved.
            wanted = self._rounds + 2
            return self._round_over.wait_for(lambda: self._rounds >= wanted, timeout)

    def _run(self) -> None:
        while not self._is_over.wait(_LOOKS_EVERY):
            self._post_what_is_due()
            with self._round_over:
                self._rounds += 1
                self._round_over.notify_all()
        if self._client is not None:
            self._client.close()

    def _post_what_is_due(self) -> None:
        # One by one, for a reset in between takes back what is owed.
        while not self._is_over.is_set():
            webhook = self._service.next_webhook()
            if webhook is None:
                return
            self._service.tried(self._post(webhook))

    def _post(self, webhook: Webhook) -> Attempt:
        now = self._service.clock.now()
        may_leave = self._service.knobs.webhooks_to_strangers
        if self._client is None:
            self._client = httpx.Client(trust_env=False, timeout=_PATIENCE)
        try:
            if not may_leave and not is_on_this_machine(webhook.url):
                return Attempt(webhook, now, failure="not on this machine")
            status, said = _ask(self._client, webhook)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Attempt(webhook, now, failure=type(error).__name__)
        return Attempt(webhook, now, status=status, answer=said)


def _ask(client: httpx.Client, webhook: Webhook) -> tuple[int, bytes]:
    """Post a webhook; give the status and the beginning of the answer."""
    url, body, headers = webhook.url, webhook.sent, dict(webhook.headers)
    with client.stream("POST", url, content=body, headers=headers) as answer:
        said = b""
        for part in answer.iter_raw():
            said += part
            if len(said) >= _KEPT_OF_ANSWER:
                break
        return answer.status_code, said[:_KEPT_OF_ANSWER]
