"""How to go on with a campaign, from how its rows stand."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from stackverify.models.campaigns import CampaignSummary, RowState
from stackverify.report.facts import Facts

__all__ = ["Advice", "advise"]


@attrs.frozen
class Advice:
    """What is to be done, and how.

    Attributes:
        what: The matter, in a few words.
        how: What to do about it.
        code: What to write for it, if there is something.
    """

    what: str
    how: str
    code: str | None = None


def advise(facts: Facts) -> list[Advice]:
    """Say how to go on; the most pressing comes first."""
    if not facts.template:
        return [
            Advice(
                "The ledger is empty.",
                "Load a template and rows, then run the campaign.",
                'campaign.load(Sms("{phone}", "Hi {name}"), "people.csv")',
            )
        ]
    summary = facts.summary
    found = [
        *_standing(summary),
        *_left(summary),
        *_unknown(facts),
        *_failed(summary),
        *_delivery(facts),
    ]
    return found or [
        Advice("Nothing is left to do.", "Every row is settled, and was heard of.")
    ]


def _standing(summary: CampaignSummary) -> Iterator[Advice]:
    if summary.is_cancelled:
        yield Advice(
            "The campaign was cancelled.",
            "It cannot be run again. What is left goes into a campaign of its own.",
            'campaign.export("left.csv", "pending")',
        )
    elif summary.is_paused:
        why = f" ({summary.pause_reason})" if summary.pause_reason else ""
        yield Advice(
            f"The campaign is paused{why}.",
            "Mend the cause if there is one, then let it go on.",
            "campaign.resume()",
        )


def _left(summary: CampaignSummary) -> Iterator[Advice]:
    if not summary.left or summary.is_cancelled:
        return
    under_way = summary[RowState.CLAIMED] + summary[RowState.INTENT]
    more = (
        f" {_rows(under_way)} in the hands of a runner: it is at work, or it was "
        "stopped, and the next run takes over from it."
        if under_way
        else ""
    )
    yield Advice(
        f"{_rows(summary.left)} not settled yet.",
        f"Run the campaign again: it goes on where it stopped, and nothing is sent "
        f"twice.{more}",
        "campaign.run()",
    )


def _unknown(facts: Facts) -> Iterator[Advice]:
    count = facts.summary[RowState.UNKNOWN]
    if not count:
        return
    what = f"{_rows(count)} unknown: they may have been sent."
    if facts.channel == "sms":
        yield Advice(
            what,
            "The next run looks them up in the service's list, and sends again only "
            "what is surely not there. Do not send them by other means before.",
            "campaign.run()",
        )
    else:
        yield Advice(
            what,
            "The service has no list to look them up in. Ask a recipient, or look into "
            "the service's own pages, and write down what you found, row by row; or "
            "have all of them sent again, when some recipients may get two.",
            "campaign.resolve(row, was_sent=True)\n"
            "Campaign(path, client, rules=CampaignRules(resend_unknown=True)).run()",
        )


def _failed(summary: CampaignSummary) -> Iterator[Advice]:
    refused, absent = summary[RowState.REFUSED], summary[RowState.ABSENT]
    if refused:
        yield Advice(
            f"{_rows(refused)} refused: they were not sent.",
            "See the reasons. Once what they name is mended, have them sent again; "
            "numbers and texts that are wrong go, put right, into a new campaign.",
            'campaign.export("refused.csv", "refused")\n'
            "campaign.retry_failed(); campaign.run()",
        )
    if absent:
        yield Advice(
            f"{_rows(absent)} held: they were looked up, and are not there.",
            "They can be sent again.",
            "campaign.retry_failed(); campaign.run()",
        )
    if summary.suspected_duplicates:
        yield Advice(
            f"{_rows(summary.suspected_duplicates)} on record more than once.",
            "Somebody else may have sent the same text to the same number, or the "
            "service took a message twice. Tell its support if it was charged twice.",
        )


def _delivery(facts: Facts) -> Iterator[Advice]:
    open_rows = sum(
        each.rows for each in facts.statuses if each.kind in ("under way", "unheard")
    )
    if open_rows:
        yield Advice(
            f"{_rows(open_rows)} accepted, and not heard to have arrived.",
            "Ask the service until all is known, or give the campaign the webhooks "
            "that tell of it.",
            "campaign.follow()\ncampaign.report(event)",
        )


def _rows(count: int) -> str:
    return f"{count:,} row is" if count == 1 else f"{count:,} rows are"
