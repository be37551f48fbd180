//! The one test binary: what the rooms and the `retire` binary do, seen from outside.
