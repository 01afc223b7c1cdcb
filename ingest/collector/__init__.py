"""The HTTP collector `coursehouse collect`: records are acknowledged once kept."""
