"""The StackVerify API, endpoint by endpoint, as functions that return a `Call`."""
