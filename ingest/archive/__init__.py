"""The immutable raw archive (bronze), and the ways back from it and from the dead letters."""
