"""The services spoken to: all that differs between vendors, without any IO."""
