//! Tests of the whole program from outside: the real binary, real HTTP, real files.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::format_push_string,
    clippy::let_underscore_must_use,
    clippy::too_many_lines,
    reason = "a test may fail loudly, and looks at the files that a run leaves behind"
)]

mod agreement;
mod apart;
mod architecture;
mod budget;
mod cache;
mod cascade;
mod cases;
mod cast;
mod contents;
mod crash;
mod cut;
mod dates;
mod disk;
mod docs;
mod dry;
mod events;
mod evidence;
mod evidence_v4;
mod foreign;
mod found;
mod ground;
mod hanging;
mod harness;
mod hostile;
mod intents;
mod journals;
mod kept_back;
mod kept_holds;
mod leaks;
mod lies;
mod limits;
mod login;
mod not_run;
mod odd;
mod outputs;
mod pages;
mod parts;
mod people;
mod placed;
mod plan;
mod probe;
mod proofs;
mod races;
mod rebuilt;
mod remaining;
mod replanned;
mod restored;
mod rig;
mod rights;
mod sandbox;
mod schemas;
mod secrets;
mod server;
mod settings;
mod signals;
mod silence;
mod soak;
mod soak_v4;
mod staged_astray;
mod staged_back;
mod staged_kept;
mod staged_restored;
mod suites;
mod swapped;
mod taken_back;
mod token;
mod torn;
mod unknown;
mod until;
mod validate;
mod verify_age;
mod waits;
mod ways;
mod whoami;
mod worded;
