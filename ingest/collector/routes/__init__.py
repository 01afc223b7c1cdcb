"""One file per kind of sender; each offers `routes`."""
