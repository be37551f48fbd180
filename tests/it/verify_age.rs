//! What a run deletes was read not long before: what people changed meanwhile counts.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpStream;

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

const KEPT: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000001";
const DAY: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000002";
const NIGHT: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000004";
const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000005";
const WHOLE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000003";

fn file(number: usize) -> String {
    format!("8d1f0c52-6a3b-4c7e-9f21-0000000001{number:02}")
}

/// A folder of eight files that go at one a second, a folder that goes as a whole, and one that is
/// held; before the first delete somebody makes changes.
fn served(changes: &str) -> (Served, Desk) {
    let files = (1..=8).map(|number| format!("{{id: {}, name: f{number}}}", file(number)));
    let files: Vec<String> = files.collect();
    let assets = format!(
        "              - {{id: {KEPT}, name: kept, type: folder, children: []}}
              - {{id: {DAY}, name: day, type: folder, children: [{}]}}
              - {{id: {WHOLE}, name: whole, type: folder, children: [{{id: {}, name: f9}}]}}
",
        files.join(", "),
        file(9)
    );
    let world = format!("limits: {{v4_file_delete: 2/2000ms}}\n{}", seed(&assets));
    let world = World::from_seed(Seed::parse("sandbox.yaml", &world).unwrap());
    let listed: Vec<String> = (1..=8).map(file).collect();
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{}, {WHOLE}]\nholds: [{{id: {KEPT}, reason: legal}}]\n",
        listed.join(", ")
    ));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    let served = Served::new(world);
    let body = format!("[{{\"before\": \"at:1@v4_file_delete\", \"changes\": [{changes}]}}]");
    put(&served, "/_sandbox/surprises", &body);
    (served, desk)
}

pub(crate) fn put(served: &Served, path: &str, body: &str) {
    let url = served.sandbox.url();
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let token = served.sandbox.token();
    let head = format!("authorization: Bearer {token}\r\nconnection: close");
    write!(
        stream,
        "PUT {path} HTTP/1.1\r\nhost: {host}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
}

pub(crate) fn apply(served: &Served, desk: &Desk, more: &[&str]) -> Done {
    let url = served.sandbox.url();
    let variables = [
        ("FRAMEIO_TOKEN", served.sandbox.token()),
        ("RETIRE_ENDPOINT", &url),
        ("RETIRE_API", "v4"),
    ];
    let arguments = [&["apply", "--auto-approve", "--canary", "0"], more].concat();
    desk.run_with(&variables, &arguments)
}

pub(crate) fn lives(served: &Served, text: &str) -> bool {
    let id = AssetId::parse(text).unwrap();
    served.sandbox.with_world(|world| world.is_alive(id))
}

/// How often something was read.
fn reads(served: &Served, of: &str) -> usize {
    let log = served.sandbox.log();
    let reads = log.iter().filter(|request| request.method == "GET");
    reads.filter(|request| request.target.contains(of)).count()
}

/// How often what is in the folder of the files was listed.
fn lists(served: &Served) -> usize {
    reads(served, &format!("folders/{DAY}/"))
}

/// What people do to an asset, or to what it lies in, some seconds before its delete keeps it.
#[test]
fn a_mark_and_a_move_of_the_folder_above_are_seen_right_before_a_delete() {
    let files = (1..=5).map(|number| format!("{{id: {}, name: f{number}}}", file(number)));
    let files: Vec<String> = files.collect();
    let assets = format!(
        "              - {{id: {KEPT}, name: kept, type: folder, children: []}}
              - {{id: {DAY}, name: day, type: folder, children: [{}]}}
              - {{id: {NIGHT}, name: night, type: folder, children: [{{id: {}, name: f6}}]}}
              - {{id: {STACK}, name: cut, type: version_stack, children: [{{id: {}, name: v1}}, {{id: {}, name: v2}}]}}
",
        files.join(", "),
        file(6),
        file(7),
        file(8)
    );
    let fields = "name: Tidewater\n    fields: [{id: 00000000-0000-4000-8000-0000000000f1, name: Retention}]\n";
    let world = seed(&assets).replacen("name: Tidewater\n", fields, 1);
    let world = format!("limits: {{v4_file_delete: 2/2000ms}}\n{world}");
    let served = Served::new(World::from_seed(
        Seed::parse("sandbox.yaml", &world).unwrap(),
    ));
    let listed: Vec<String> = (1..=6).map(file).collect();
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{}, {STACK}]\nholds: [{{id: {KEPT}, reason: legal}}]\n",
        listed.join(", ")
    ));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n[marks]\nfield = \"Retention\"\nhold = [\"Hold\"]\n";
    desk.write("retire.toml", config);
    let changes = format!(
        r#"{{"mark": {{"id": "{}", "fields": {{"Retention": "Hold"}}}}}}, {{"mark": {{"id": "{}", "fields": {{"Retention": "Hold"}}}}}}, {{"move": {{"id": "{NIGHT}", "to": "{KEPT}"}}}}"#,
        file(5),
        file(7)
    );
    let body = format!("[{{\"before\": \"at:1@v4_file_delete\", \"changes\": [{changes}]}}]");
    put(&served, "/_sandbox/surprises", &body);
    let done = apply(&served, &desk, &["--verify-age", "20s"]).expect(3);
    for kept in [&file(5), &file(6), STACK] {
        let words = format!("{kept}  it is kept now");
        assert!(done.out.contains(&words), "{words}\n{}", done.out);
        assert!(lives(&served, kept));
    }
    assert!(lives(&served, &file(7)) && lives(&served, &file(8)));
    assert!(done.out.contains("4 retired"), "{}", done.out);
    served.stop();
}

/// A hold is placed once: what is read right before a delete is the chain of what goes.
#[test]
fn what_is_read_again_is_what_goes_and_not_every_hold() {
    let (served, desk) = served("");
    apply(&served, &desk, &["--verify-age", "20s"]).expect(0);
    let held = reads(&served, KEPT);
    assert!(held <= 2, "{held}: as a file, and as a folder");
    // The first two go at once, and the last ones some seconds later.
    let last = reads(&served, &format!("files/{}", file(8)));
    assert!(last >= 1, "{last}");
    let each = (1..=8).map(|number| reads(&served, &format!("files/{}", file(number))));
    let each: Vec<usize> = each.collect();
    assert!(each.iter().all(|reads| *reads <= 3), "{each:?}");
    assert!(reads(&served, &format!("folders/{WHOLE}/")) >= 2);
    served.stop();
}

/// What is older than `--verify-age` is read again with all that is in it, and what goes later than
/// a twentieth of it is looked at right before.
#[test]
fn what_changed_since_it_was_read_is_left_alone() {
    for age in ["1s", "20s"] {
        leaves_alone_what_changed(age);
    }
}

fn leaves_alone_what_changed(age: &str) {
    let changes = format!(
        r#"{{"move": {{"id": "{}", "to": "{KEPT}"}}}}, {{"rename": {{"id": "{}", "name": "keep.mov"}}}},
        {{"delete": {{"id": "{}"}}}},
        {{"add": {{"to": "{WHOLE}", "asset": {{"id": "{}", "name": "new.mov"}}}}}}"#,
        file(6),
        file(7),
        file(8),
        file(10),
    );
    let (served, desk) = served(&changes);
    let done = apply(&served, &desk, &["--verify-age", age]).expect(3);
    for words in [
        "3 assets are other than reviewed and left alone".to_owned(),
        format!("{}  it is kept now", file(6)),
        format!("{}  it has another name than reviewed", file(7)),
        format!(
            "{WHOLE}  it has `{}` in it, which the plan does not name",
            file(10)
        ),
        "5 retired, 1 already gone".to_owned(),
    ] {
        assert!(done.out.contains(&words), "{words}\n{}", done.out);
    }
    assert!(!done.out.contains("Nothing was sent for"), "{}", done.out);
    for there in [&file(6), &file(7), WHOLE, &file(9), &file(10)] {
        assert!(lives(&served, there), "{there}");
    }
    assert!(!lives(&served, &file(5)));
    // The next run plans anew what is left.
    let done = apply(&served, &desk, &[]);
    assert!(done.out.contains("1 listed asset stays"), "{}", done.out);
    assert!(lives(&served, &file(6)) && !lives(&served, &file(7)));
    served.stop();
}

#[test]
fn what_is_young_enough_is_read_once() {
    let (served, desk) = served("");
    let variables = [
        ("FRAMEIO_TOKEN", served.sandbox.token()),
        ("RETIRE_ENDPOINT", &served.sandbox.url()),
        ("RETIRE_API", "v4"),
    ];
    let plan = desk.run_with(&variables, &["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.expect(0).out).unwrap();
    let lines = plan["forecast"].as_array().unwrap().iter();
    let before = lines.filter(|line| line["stage"] == "before");
    let forecast: u64 = before.map(|line| line["calls"].as_u64().unwrap()).sum();
    let planned = served.sandbox.log().len();
    apply(&served, &desk, &[]).expect(0);
    assert_eq!(lists(&served), 2, "once for the plan, and once for the run");
    let log = served.sandbox.log();
    let reads = log
        .iter()
        .skip(planned)
        .filter(|request| request.method == "GET");
    let reads: Vec<&str> = reads.map(|request| &*request.target).collect();
    let made = u64::try_from(reads.len()).unwrap();
    // Where nobody knows in what assets lie, some more are read to find out.
    let words = format!("{made} and not {forecast}: {reads:#?}");
    assert!((forecast..=forecast + 4).contains(&made), "{words}");
    assert!(!lives(&served, WHOLE));
    served.stop();
}

/// A folder that is refused goes file by file, and what somebody has taken out of it until then
/// is none of its files any more.
#[test]
fn what_was_moved_out_of_a_folder_that_is_taken_apart_stays() {
    let assets = format!(
        "              - {{id: {KEPT}, name: kept, type: folder, children: []}}
              - {{id: {WHOLE}, name: whole, type: folder, children: [{{id: {}, name: f1}}, {{id: {}, name: f2}}]}}
",
        file(1),
        file(2)
    );
    let world = format!(
        "limits: off\nfaults: {{rules: ['422=first:1@v4_folder_delete']}}\n{}",
        seed(&assets)
    );
    let served = Served::new(World::from_seed(
        Seed::parse("sandbox.yaml", &world).unwrap(),
    ));
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{WHOLE}]\nholds: [{{id: {KEPT}, reason: legal}}]\n"
    ));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    let change = format!(
        "{{\"move\": {{\"id\": \"{}\", \"to\": \"{KEPT}\"}}}}",
        file(1)
    );
    let body = format!("[{{\"before\": \"at:1@v4_folder_delete\", \"changes\": [{change}]}}]");
    put(&served, "/_sandbox/surprises", &body);
    let done = apply(&served, &desk, &[]).expect(3);
    for there in [KEPT, &file(1), &file(2), WHOLE] {
        assert!(lives(&served, there), "{there}: {}", done.transcript());
    }
    let words = "in it has another name, place or size than reviewed";
    assert!(done.out.contains(words), "{}", done.transcript());
    // Without it, all else goes.
    apply(&served, &desk, &[]).expect(0);
    assert!(lives(&served, &file(1)) && !lives(&served, WHOLE));
    served.stop();
}
