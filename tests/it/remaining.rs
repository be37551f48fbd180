//! What is said of the time that a run still takes.

use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;

use crate::harness::{Desk, seed};
use crate::server::{id, manifest};
use crate::soak::Served;

#[test]
fn the_time_that_is_left_is_never_told_as_less_than_the_limit_allows() {
    // Twenty go at once, and then one a second: after ten seconds the seventy that are left take more
    // than a minute, and by the speed so far it would be half of one.
    let file = |number: usize| format!("              - {{id: {}, name: f{number}}}\n", id(number));
    let assets: String = (1..=100).map(file).collect();
    let world = format!("limits: {{v4_file_delete: 20/20000ms}}\n{}", seed(&assets));
    let world = World::from_seed(Seed::parse("sandbox.yaml", &world).unwrap());
    let served = Served::new(world);
    let desk = Desk::with(&manifest(100));
    let done = served.apply(
        &desk,
        &["--api", "v4", "--canary", "0", "--time-budget", "12s"],
    );
    let done = done.expect(9);
    let told = done.err.lines().chain(done.out.lines());
    let told: Vec<&str> = told.filter(|line| line.contains(" left")).collect();
    assert!(!told.is_empty(), "{}", done.transcript());
    for line in told {
        let (_, left) = line.split_once("about ").unwrap();
        assert!(left.contains(" min "), "{line}");
    }
    served.stop();
}
