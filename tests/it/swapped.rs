//! Lists that change while they are read: cursors are offsets, so that an entry is passed over.
#![cfg(unix)]

use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;

use crate::harness::{Desk, seed};
use crate::soak::Served;
use crate::verify_age::{apply, lives, put};

const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000002";
const NEW: &str = "8d1f0c52-6a3b-4c7e-9f21-00000000ffff";

fn file(number: usize) -> String {
    format!("8d1f0c52-6a3b-4c7e-9f21-00000001{number:04}")
}

/// Between two pages somebody deletes a file that was shown and adds another one at the end: the
/// list has as many entries as before and shows as many, and not the one at the edge of the page.
#[test]
fn an_entry_that_is_passed_over_between_two_pages_keeps_the_folder() {
    // The marked file begins the second page, or the third.
    for (marked, goes, page) in [(501, 1, 2), (1_001, 1, 3), (1_001, 600, 3)] {
        let files = (1..=1_200).map(|number| {
            let fields = if number == marked {
                ", fields: {Retention: Hold}"
            } else {
                ""
            };
            format!("{{id: {}, name: f{number}{fields}}}", file(number))
        });
        let files: Vec<String> = files.collect();
        let assets = format!(
            "              - {{id: {FOLDER}, name: day, type: folder, children: [{}]}}\n",
            files.join(", ")
        );
        let fields = "name: Tidewater\n    fields: [{id: 00000000-0000-4000-8000-0000000000f1, name: Retention}]\n";
        let world = seed(&assets).replacen("name: Tidewater\n", fields, 1);
        let world = format!("limits: off\n{world}");
        let served = Served::new(World::from_seed(
            Seed::parse("sandbox.yaml", &world).unwrap(),
        ));
        let desk = Desk::with(&format!("version: 1\nassets: [{FOLDER}]\n"));
        let config = "version = 1\n[guards]\nmax-percent = 100\nmax-assets = 5000\nmin-age = \"0s\"\n[marks]\nfield = \"Retention\"\nhold = [\"Hold\"]\n";
        desk.write("retire.toml", config);
        let changes = format!(
            r#"{{"delete": {{"id": "{}"}}}}, {{"add": {{"to": "{FOLDER}", "asset": {{"id": "{NEW}", "name": "new.mov"}}}}}}"#,
            file(goes)
        );
        let before = format!("at:{page}@v4_folder_children");
        let body = format!("[{{\"before\": \"{before}\", \"changes\": [{changes}]}}]");
        put(&served, "/_sandbox/surprises", &body);
        let done = apply(&served, &desk, &[]).expect(3);
        let both = format!("{}{}", done.out, done.err);
        assert!(both.contains("has changed while it was read"), "{both}");
        assert!(lives(&served, FOLDER) && lives(&served, &file(marked)));
        // Read in peace, the mark is seen.
        let done = apply(&served, &desk, &[]).expect(0);
        assert!(
            done.out.contains("marked `Retention: Hold`"),
            "{}",
            done.out
        );
        served.stop();
    }
}
