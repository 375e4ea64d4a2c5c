"""Native versions of derived ops."""
