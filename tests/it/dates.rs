//! Servers whose clocks differ from this machine's: what decides about dates is the earlier one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use jiff::{SignedDuration, Timestamp};

use crate::harness::{Desk, Done, seed};
use crate::server::{Request, Server};
use crate::soak::Served;

const LATER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000001";
const HELD: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000002";
const FREE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000003";

fn ago(hours: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(hours)
}

/// A sandbox of three files that were changed so many hours ago.
fn files(hours: i64) -> Served {
    let changed = ago(hours);
    let file = |id| {
        format!("              - {{id: {id}, name: a.mov, type: file, updated_at: {changed}}}\n")
    };
    let three: String = [LATER, HELD, FREE].into_iter().map(file).collect();
    let seed = format!("limits: off\n{}", seed(&three));
    Served::new(World::from_seed(
        Seed::parse("sandbox.yaml", &seed).unwrap(),
    ))
}

/// A server that passes everything on to a sandbox, and whose dates are so many hours behind; it
/// has none without hours.
fn behind(world: &Served, hours: Option<i64>) -> Server {
    set_by(world, move || hours)
}

/// The same, where somebody sets its clock meanwhile.
fn set_by(world: &Served, hours: impl Fn() -> Option<i64> + Send + Sync + 'static) -> Server {
    let (url, token) = (world.sandbox.url(), world.sandbox.token().to_owned());
    Server::raw(move |request| {
        let answer = pass_on(&url, &token, request);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let is_date = |line: &&str| line.to_ascii_lowercase().starts_with("date:");
        let mut lines: Vec<&str> = head.split("\r\n").filter(|line| !is_date(line)).collect();
        let date = hours().map(|hours| {
            let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
            let date = printer.timestamp_to_rfc9110_string(&ago(hours)).unwrap();
            format!("date: {date}")
        });
        lines.extend(date.as_deref());
        Some(format!("{}\r\n\r\n{body}", lines.join("\r\n")))
    })
}

fn pass_on(url: &str, token: &str, request: &Request) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let body = if request.ids.is_empty() {
        String::new()
    } else {
        serde_json::json!({"asset_ids": request.ids}).to_string()
    };
    write!(
        stream,
        "{} HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        request.line,
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    // The program may keep its own connection.
    answer.replace("connection: close\r\n", "")
}

fn run(desk: &Desk, world: &Served, server: &Server, api: &str, arguments: &[&str]) -> Done {
    let variables = [
        ("FRAMEIO_TOKEN", world.sandbox.token()),
        ("RETIRE_ENDPOINT", &server.url),
        ("RETIRE_API", api),
    ];
    desk.run_with(&variables, arguments)
}

fn deletes(server: &Server) -> usize {
    let asked = server.asked();
    let deletes = asked.iter().filter(|one| one.line.starts_with("DELETE"));
    deletes.count()
}

/// A date that began, and a hold that ended, an hour ago by this machine.
fn dated() -> String {
    let then = ago(1);
    format!(
        "version: 1\nassets:\n- {{id: {LATER}, not_before: {then}}}\n- {HELD}\nholds:\n- {{id: {HELD}, reason: claim, until: {then}}}\n"
    )
}

const LOOSE: &str = "version = 1\n[guards]\nmax-percent = 100\n";

#[test]
fn nothing_is_due_and_no_hold_over_before_both_clocks_say_so() {
    for api in ["v2", "v4"] {
        for arguments in [&["plan"][..], &["apply", "--auto-approve"]] {
            let world = files(100);
            let server = behind(&world, Some(48));
            let desk = Desk::with(&dated());
            desk.write("retire.toml", LOOSE);
            let done = run(&desk, &world, &server, api, arguments).expect(0);
            assert_eq!(deletes(&server), 0, "{api}: {}", done.out);
            assert!(
                done.err.contains(
                    "clock is 48 h 0 min ahead of the server's: dates go by the server's"
                ),
                "{api}: {}",
                done.err
            );
            // By the clock that decides, nothing has ended.
            let notices = ["ended at", "no longer"];
            let is_told = notices.iter().any(|words| done.err.contains(words));
            assert!(!is_told, "{api}: {}", done.err);
            assert_eq!(done.err.matches("clock").count(), 1, "{}", done.err);
        }
    }
}

#[test]
fn a_server_without_a_date_or_ahead_changes_nothing() {
    for api in ["v2", "v4"] {
        for (hours, words) in [
            (None, Some("the server does not say what time it is")),
            (Some(0), None),
            (
                Some(-48),
                Some("behind the server's: dates go by this machine's"),
            ),
        ] {
            let world = files(100);
            let server = behind(&world, hours);
            let desk = Desk::with(&dated());
            desk.write("retire.toml", LOOSE);
            let apply = ["apply", "--auto-approve", "--canary", "0"];
            let done = run(&desk, &world, &server, api, &apply).expect(0);
            let state = desk.read("retire.state.json");
            assert_eq!(state.matches(r#""status":"retired""#).count(), 2, "{api}");
            match words {
                Some(words) => assert!(done.err.contains(words), "{api}: {}", done.err),
                None => assert!(!done.err.contains("clock"), "{api}: {}", done.err),
            }
        }
    }
}

#[test]
fn what_was_changed_lately_by_the_server_is_too_young() {
    // A day old by this machine, and not by the server.
    let world = files(25);
    let desk = Desk::with(&format!("version: 1\nassets:\n- {FREE}\n"));
    desk.write("retire.toml", LOOSE);
    for (hours, code) in [(2, 4), (0, 0)] {
        let server = behind(&world, Some(hours));
        let done = run(&desk, &world, &server, "v4", &["plan"]).expect(code);
        assert_eq!(done.err.contains("min-age"), code == 4, "{}", done.err);
    }
}

#[test]
fn a_saved_plan_goes_by_the_same_clock_when_it_is_applied() {
    let world = files(100);
    let server = behind(&world, Some(2));
    let desk = Desk::with(&dated());
    desk.write("retire.toml", LOOSE);
    run(
        &desk,
        &world,
        &server,
        "v4",
        &["plan", "--out", "plan.json"],
    )
    .expect(0);
    // By this machine it would be due, and the hold over.
    let done = run(&desk, &world, &server, "v4", &["apply", "plan.json"]);
    assert_eq!(deletes(&server), 0, "{} {}", done.out, done.err);
}

#[test]
fn a_waiver_ends_as_soon_as_one_of_the_clocks_says_so() {
    // Hours from now at which it ends, hours that the server is behind, and whether it counts.
    for (ends, behind_by, counts) in [
        (1, 0, true),
        (1, 48, true),
        (1, -48, false),
        (-1, 48, false),
    ] {
        // With v2 no waiver raises what is stricter than usual: `guard::tests` looks at it.
        let api = "v4";
        let world = files(100);
        let server = behind(&world, Some(behind_by));
        let expires = ago(-ends);
        let desk = Desk::with(&format!(
            "version: 1\nassets: [{LATER}, {HELD}, {FREE}]\nwaivers:\n- {{guard: max-assets, limit: 5, reason: more, expires: {expires}}}\n"
        ));
        desk.write("retire.toml", format!("{LOOSE}max-assets = 1\n"));
        let code = if counts { 0 } else { 4 };
        let done = run(&desk, &world, &server, api, &["plan"]).expect(code);
        let is_over = done.err.contains("the waiver of `max-assets` expired at");
        assert_eq!(is_over, !counts, "{api} {ends} {behind_by}: {}", done.err);
        let apply = ["apply", "--auto-approve", "--canary", "0"];
        run(&desk, &world, &server, api, &apply).expect(code);
        assert_eq!(deletes(&server) > 0, counts, "{api} {ends} {behind_by}");
    }
}

#[test]
fn a_saved_plan_ends_as_soon_as_one_of_the_clocks_says_so() {
    for api in ["v2", "v4"] {
        let world = files(1_000);
        let hours = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&hours);
        let server = set_by(&world, move || Some(clock.load(Ordering::SeqCst)));
        let desk = Desk::with(&format!("version: 1\nassets: [{FREE}]\n"));
        desk.write("retire.toml", LOOSE);
        let plan = ["plan", "--out", "plan.json"];
        run(&desk, &world, &server, api, &plan).expect(0);
        hours.store(-500, Ordering::SeqCst);
        let apply = ["apply", "plan.json"];
        let done = run(&desk, &world, &server, api, &apply).expect(5);
        assert!(done.err.contains("the plan expired"), "{api}: {}", done.err);
        assert_eq!(deletes(&server), 0);
    }
}
