"""A page about a campaign, to be read in a browser, printed, or sent by mail.

It needs an extra, `pip install "stackverify[report]"`, of which nothing is loaded
before a report is asked for. `stackverify.campaigns.write_report()` is its door.
"""
