"""HTTP: parse, fetch and authorise through `access`, call one use case, serialise."""
