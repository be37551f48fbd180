//! Only guards and consent make an approved plan.

use frameio_retire::plan::approve::Approved;

fn main() {
    let _ = Approved { delete: Vec::new() };
    let _ = Approved::default();
}
